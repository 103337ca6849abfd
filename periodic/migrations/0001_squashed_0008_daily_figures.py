"""All migrations so far in one, for a new database; the ones before it bring an older one along."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('periodic', '0001_first'), ('periodic', '0002_jobs'), ('periodic', '0003_schedules'), ('periodic', '0004_backups'), ('periodic', '0005_workers'), ('periodic', '0006_alerts'), ('periodic', '0007_mail_attachment'), ('periodic', '0008_daily_figures')]

    initial = True

    dependencies = [
        ('money', '0001_squashed_0004_staff_and_limits'),
        ('money', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(max_length=60)),
                ('title', models.CharField(max_length=80)),
                ('sentence', models.CharField(max_length=300)),
                ('opened_at', models.DateTimeField()),
                ('last_red_at', models.DateTimeField()),
                ('healed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('healed_at__isnull', True)), fields=('cause',), name='alert_open_once_per_cause'), models.CheckConstraint(condition=models.Q(('healed_at__isnull', True), ('healed_at__gte', models.F('opened_at')), _connector='OR'), name='alert_heals_after_it_opened')],
            },
        ),
        migrations.CreateModel(
            name='Backup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('taken_at', models.DateTimeField()),
                ('bytes', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('copied_at', models.DateTimeField(blank=True, null=True)),
                ('copy_trouble', models.CharField(blank=True, max_length=300)),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('name',), name='backup_one_of_a_name'), models.CheckConstraint(condition=models.Q(('bytes__gt', 0)), name='backup_is_not_empty'), models.CheckConstraint(condition=models.Q(('copied_at__isnull', True), ('copy_trouble', ''), _connector='OR'), name='backup_copied_is_no_trouble')],
            },
        ),
        migrations.CreateModel(
            name='Drill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('backup', models.CharField(blank=True, help_text='Its file name.', max_length=60)),
                ('place', models.CharField(choices=[('here', 'This machine'), ('second', 'Second place')], max_length=10)),
                ('is_ok', models.BooleanField()),
                ('sentence', models.CharField(max_length=500)),
                ('figures', models.JSONField(default=dict)),
            ],
            options={
                'indexes': [models.Index(fields=['-at'], name='drill_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sentence', ''), _negated=True), name='drill_says_something'), models.CheckConstraint(condition=models.Q(('is_ok', False), models.Q(('backup', ''), _negated=True), _connector='OR'), name='drill_proves_a_backup'), models.CheckConstraint(condition=models.Q(('place__in', ['here', 'second'])), name='drill_place_known')],
            },
        ),
        migrations.CreateModel(
            name='DailyFigures',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='daily_figures', to='money.business')),
                ('day', models.DateField()),
                ('sales_cents', models.BigIntegerField()),
                ('profit_cents', models.BigIntegerField()),
                ('cash_cents', models.BigIntegerField()),
                ('mpesa_cents', models.BigIntegerField()),
                ('bank_cents', models.BigIntegerField()),
                ('stock_cents', models.BigIntegerField()),
                ('customers_cents', models.BigIntegerField()),
                ('suppliers_cents', models.BigIntegerField()),
                ('unidentified_cents', models.BigIntegerField()),
                ('taken_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'daily figures',
                'constraints': [models.UniqueConstraint(fields=('business', 'day'), name='dailyfigures_once_per_business_and_day')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=60)),
                ('title', models.CharField(blank=True, max_length=150)),
                ('parameters', models.JSONField(default=dict)),
                ('digest', models.CharField(max_length=64)),
                ('key', models.CharField(blank=True, max_length=150, null=True, unique=True)),
                ('business', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='money.business')),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_at', models.DateTimeField()),
                ('urgency', models.SmallIntegerField(choices=[(0, 'Nightly'), (10, 'Ordinary'), (20, 'A person waits')], default=10)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='waiting', max_length=10)),
                ('next_try_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('attempts_before', models.PositiveSmallIntegerField(default=0)),
                ('worker', models.CharField(blank=True, max_length=100)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True)),
                ('cancel_asked_at', models.DateTimeField(blank=True, null=True)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('sentence', models.CharField(blank=True, max_length=200)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('summary', models.TextField(blank=True)),
                ('file', models.CharField(blank=True, help_text='Below VAR/results.', max_length=200)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('traceback', models.TextField(blank=True)),
                ('given_up_at', models.DateTimeField(blank=True, null=True)),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('wants_mail', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['-urgency', 'id'], name='job_waiting'), models.Index(condition=models.Q(('state', 'running')), fields=['heartbeat_at'], name='job_running'), models.Index(condition=models.Q(('ended_at__isnull', False), ('seen_at__isnull', True)), fields=['asked_by'], name='job_not_seen'), models.Index(condition=models.Q(('given_up_at__isnull', True), ('state', 'failed')), fields=['ended_at'], name='job_needs_attention')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('waiting', 'running'))), fields=('digest',), name='job_same_is_one_while_live'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state__in', ('waiting', 'running'))), models.Q(models.Q(('state__in', ('waiting', 'running')), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='job_ended_says_when')],
            },
        ),
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100, unique=True)),
                ('business', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='money.business')),
                ('to', models.CharField(help_text='Addresses, separated by commas.', max_length=500)),
                ('subject', models.CharField(max_length=150)),
                ('body', models.TextField()),
                ('attachment', models.CharField(blank=True, help_text='Below VAR/results.', max_length=200)),
                ('written_at', models.DateTimeField()),
                ('next_try_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('trouble', models.CharField(blank=True, max_length=200)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('in_hand_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('perhaps_twice', models.BooleanField(default=False, help_text="A server's answer was lost: it may have taken it before as well.")),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['next_try_at'], name='mail_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('to', ''), _negated=True), name='mail_has_an_address')],
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(help_text='The command runs it by this.', max_length=60, unique=True)),
                ('title', models.CharField(max_length=100)),
                ('about', models.TextField(blank=True, verbose_name='what it does')),
                ('kind', models.CharField(max_length=60, verbose_name='kind of job')),
                ('is_per_business', models.BooleanField(default=False, verbose_name='one job per business')),
                ('business', models.ForeignKey(blank=True, help_text='Empty: all of them.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='money.business')),
                ('words', models.CharField(max_length=60, verbose_name='when')),
                ('is_on', models.BooleanField(default=True, verbose_name='on')),
                ('missed', models.CharField(choices=[('once', 'Run once, late'), ('skip', 'Leave out')], default='once', max_length=4, verbose_name='if missed by more than ten minutes')),
                ('parameters', models.JSONField(blank=True, default=dict)),
                ('last_run_at', models.DateTimeField(blank=True, null=True, verbose_name='last run')),
                ('next_run_at', models.DateTimeField(blank=True, null=True, verbose_name='next run')),
                ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('changed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('is_on', True), ('next_run_at__isnull', False)), models.Q(('is_on', False), ('next_run_at__isnull', True)), _connector='OR'), name='schedule_on_has_a_next_run'), models.CheckConstraint(condition=models.Q(('missed__in', ['once', 'skip'])), name='schedule_missed_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('changed_at__isnull', True), ('changed_by__isnull', True)), models.Q(('changed_at__isnull', False), ('changed_by__isnull', False)), _connector='OR'), name='schedule_changed_says_by_whom'), models.CheckConstraint(condition=models.Q(('business__isnull', True), ('is_per_business', True), _connector='OR'), name='schedule_of_a_business_is_per_business', violation_error_message='This runs for all businesses together.')],
            },
        ),
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('queue', models.CharField(max_length=20)),
                ('host', models.CharField(max_length=100)),
                ('pid', models.PositiveIntegerField()),
                ('threads', models.PositiveSmallIntegerField()),
                ('started_at', models.DateTimeField()),
                ('beat_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('pss_kb', models.PositiveIntegerField(blank=True, null=True)),
                ('rss_kb', models.PositiveIntegerField(blank=True, null=True)),
                ('current', models.JSONField(default=list)),
                ('tasks_done', models.PositiveBigIntegerField(default=0)),
                ('busy_percent', models.PositiveSmallIntegerField(default=0, help_text="Of its threads' time, in the last minutes.")),
            ],
            options={
                'indexes': [models.Index(fields=['beat_at'], name='worker_beat')],
                'constraints': [models.UniqueConstraint(fields=('host', 'pid', 'started_at'), name='worker_starts_once'), models.CheckConstraint(condition=models.Q(('busy_percent__lte', 100)), name='worker_busy_is_a_part')],
            },
        ),
    ]
