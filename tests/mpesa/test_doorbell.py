import threading

from mpesa import doorbell
from mpesa.doorbell import Doorbell


def test_wait_without_a_press_ends_after_its_time():
    assert Doorbell().wait(0.001) is False


def test_wait_hears_a_press_of_before_once():
    bell = Doorbell()
    bell.press()
    bell.press()

    assert [bell.wait(0.001), bell.wait(0.001)] == [True, False]


def test_wait_is_woken_by_another_thread():
    bell = Doorbell()
    heard: list[bool] = []
    listener = threading.Thread(target=lambda: heard.append(bell.wait(5)))
    listener.start()

    bell.press()
    listener.join(5)

    assert heard == [True]


def test_wait_keeps_a_press_that_came_just_after_its_time():
    bell = Doorbell()
    pressed = bell._pressed

    class Late(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pressed.set()  # the press falls between the end of the waiting and the clearing
            return False

        def clear(self) -> None:
            pressed.clear()

    bell._pressed = Late()
    bell.wait(0)
    bell._pressed = pressed

    assert bell.wait(0) is True


def test_payments_bell_is_one_for_the_process():
    assert isinstance(doorbell.payments, Doorbell)
