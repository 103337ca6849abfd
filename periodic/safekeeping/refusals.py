"""Why a backup is not made, not believed or not restored; each message is a sentence for people."""


class Refused(Exception):
    """A backup cannot be made, read or restored; nothing has been touched."""


class NotABackup(Refused):
    """The file does not begin as a sealed backup does."""


class WrongKey(Refused):
    """The passphrase does not open the file."""


class Damaged(Refused):
    """The file was altered or cut short."""


class Impossible(Refused):
    """Something that the work needs is missing: a program, a right, a place."""
