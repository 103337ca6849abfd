"""A client of many connections: `python -m tests.bench.callbacks_load PORT PATH FIRST COUNT`.

Each request is a confirmation with a receipt of its own. Its last line is its answer, in JSON.
"""

import http.client
import json
import sys
import threading
import time

CONNECTIONS = 32
NAIROBI_SECONDS = 3 * 3600


def body_of(number: int) -> bytes:
    """Write a confirmation of KES 1 that a customer paid just now."""
    told = {
        "TransactionType": "Customer Merchant Payment",
        "TransID": f"BENCH{number:08d}",
        "TransTime": time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + NAIROBI_SECONDS)),
        "TransAmount": "1.00",
        "BusinessShortCode": "9900300",
        "BillRefNumber": "",
        "InvoiceNumber": "",
        "OrgAccountBalance": "",
        "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 101",
        "FirstName": "ACHIENG",
    }
    return json.dumps(told).encode()


def post(wire: http.client.HTTPConnection, path: str, number: int) -> bool:
    wire.request("POST", path, body_of(number), {"Content-Type": "application/json"})
    answer = wire.getresponse()
    answer.read()
    return answer.status == 200


def main(port: int, path: str, first: int, count: int) -> None:
    """Post `count` messages over all connections at once, each as fast as it is answered."""
    numbers = iter(range(first, first + count))
    lock = threading.Lock()
    seconds: list[float] = []
    failed = 0

    def work() -> None:
        nonlocal failed
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                wire.close()
                return
            began = time.perf_counter()
            is_taken = post(wire, path, number)
            with lock:
                seconds.append(time.perf_counter() - began)
                failed += not is_taken

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    span = time.perf_counter() - began
    seconds.sort()
    p99 = seconds[int(len(seconds) * 0.99)]
    print(json.dumps({"rate": count / span, "p99": p99, "failed": failed}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
