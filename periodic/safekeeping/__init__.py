"""What a backup is made of: its seal, its archive, how long it is kept, where, and its databases.

Nothing here knows a setting or a row; `periodic.actions.backups` puts it together.
"""
