import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('money', '0002_books_an_auditor_can_trust'),
        ('mpesa', '0004_rotation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='erasure',
            name='erasure_erased_something',
        ),
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_allocated_within_amount',
        ),
        migrations.RemoveIndex(
            model_name='payment',
            name='payment_unmatched',
        ),
        migrations.AddField(
            model_name='erasure',
            name='payers',
            field=models.PositiveIntegerField(default=0, help_text='Who paid, of payments.'),
        ),
        migrations.AddField(
            model_name='erasure',
            name='uploads',
            field=models.PositiveIntegerField(default=0, help_text='Statement files.'),
        ),
        migrations.AddField(
            model_name='inboundmessage',
            name='receipt',
            field=models.CharField(blank=True, editable=False, max_length=20),
        ),
        migrations.AddField(
            model_name='payment',
            name='reversed_cents',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='till',
            name='trust',
            field=models.CharField(choices=[('path', 'The secret address'), ('addresses', "The secret address, called from Safaricom's own")], default='path', max_length=10),
        ),
        migrations.AddField(
            model_name='till',
            name='trusted_up_to_cents',
            field=models.BigIntegerField(default=2000000),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(condition=models.Q(('state', 'quarantined')), fields=['receipt'], name='inbound_held'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('allocated_cents__lt', django.db.models.expressions.CombinedExpression(models.F('amount_cents'), '-', models.F('reversed_cents')))), fields=['id'], name='payment_unmatched'),
        ),
        migrations.AddIndex(
            model_name='paymentrequest',
            index=models.Index(fields=['till', 'amount_cents', 'asked_at'], name='request_by_amount'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.CheckConstraint(condition=models.Q(('requests__gt', 0), ('messages__gt', 0), ('strays__gt', 0), ('payers__gt', 0), ('uploads__gt', 0), _connector='OR'), name='erasure_erased_something'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('allocated_cents__gte', 0), ('allocated_cents__lte', django.db.models.expressions.CombinedExpression(models.F('amount_cents'), '-', models.F('reversed_cents'))), ('reversed_cents__gte', 0)), name='payment_allocated_within_amount'),
        ),
        migrations.AddConstraint(
            model_name='till',
            constraint=models.CheckConstraint(condition=models.Q(('trust__in', ['path', 'addresses'])), name='till_trust_is_known'),
        ),
        migrations.AddConstraint(
            model_name='till',
            constraint=models.CheckConstraint(condition=models.Q(('trusted_up_to_cents__gte', 0)), name='till_trust_is_not_negative'),
        ),
        migrations.CreateModel(
            name='Allocation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('purpose', models.CharField(choices=[('sale', 'Sale'), ('credit', "Customer's credit"), ('refund', 'To be given back')], max_length=6)),
                ('reference', models.CharField(blank=True, max_length=40)),
                ('account_code', models.CharField(max_length=12)),
                ('amount_cents', models.BigIntegerField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(null=True)),
                ('undone_reason', models.CharField(blank=True, max_length=200)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='mpesa.payment')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['reference'], name='allocation_by_reference'), models.Index(condition=models.Q(('undone_at__isnull', False)), fields=['id'], name='allocation_undone')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='allocation_amount_is_positive'), models.CheckConstraint(condition=models.Q(('purpose__in', ['sale', 'credit', 'refund'])), name='allocation_purpose_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('undone_at', None), ('undone_by', None), ('undone_reason', '')), models.Q(('undone_at__isnull', False), models.Q(('undone_reason', ''), _negated=True)), _connector='OR'), name='allocation_undone_with_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='ClosedReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=40)),
                ('reason', models.CharField(max_length=100)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='closed_references', to='mpesa.till')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('till', 'reference'), name='closedreference_once'), models.CheckConstraint(condition=models.Q(('reference__regex', '^[A-Z0-9]+$')), name='closedreference_is_normalised')],
            },
        ),
        migrations.CreateModel(
            name='HeldToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.CharField(max_length=64, unique=True)),
                ('ciphertext', models.TextField(blank=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('claimed_until', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='InitiatorOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('status', 'Transaction status'), ('balance', 'Account balance'), ('reversal', 'Reversal')], max_length=8)),
                ('key', models.CharField(max_length=64, unique=True)),
                ('receipt', models.CharField(blank=True, max_length=20)),
                ('amount_cents', models.BigIntegerField(null=True)),
                ('token_digest', models.CharField(blank=True, max_length=64)),
                ('originator_id', models.CharField(blank=True, max_length=100)),
                ('conversation_id', models.CharField(blank=True, max_length=100)),
                ('state', models.CharField(choices=[('created', 'Waiting to be sent'), ('asked', 'Sent, no result yet'), ('done', 'Done'), ('failed', 'Refused'), ('unknown', 'No result came')], default='created', max_length=8)),
                ('result_code', models.CharField(blank=True, max_length=20)),
                ('result_text', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='mpesa.till')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ('created', 'asked'))), fields=['state', 'next_try_at'], name='initiatororder_open'), models.Index(fields=['receipt'], name='initiatororder_by_receipt')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['status', 'balance', 'reversal'])), name='initiatororder_kind_is_known'), models.CheckConstraint(condition=models.Q(('state__in', ['created', 'asked', 'done', 'failed', 'unknown'])), name='initiatororder_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'reversal'), _negated=True), models.Q(('amount_cents__gt', 0), ('amount_cents__isnull', False), models.Q(('receipt', ''), _negated=True)), _connector='OR'), name='initiatororder_reversal_has_its_amount'), models.UniqueConstraint(condition=models.Q(('token_digest', ''), _negated=True), fields=('token_digest',), name='initiatororder_token_once')],
            },
        ),
        migrations.CreateModel(
            name='Payer',
            fields=[
                ('payment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='payer', serialize=False, to='mpesa.payment')),
                ('key', models.CharField(blank=True, max_length=80)),
                ('phone', models.CharField(blank=True, max_length=100)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('account_reference', models.CharField(blank=True, max_length=100)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('key', ''), _negated=True), fields=['key'], name='payer_by_key')],
            },
        ),
        migrations.CreateModel(
            name='PullRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('at', models.DateTimeField()),
                ('verdict', models.CharField(choices=[('found', 'Answered'), ('empty', 'Nothing happened'), ('blind', 'Says nothing of what we know'), ('failed', 'No answer')], max_length=6)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('new', models.PositiveIntegerField(default=0)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pulls', to='mpesa.till')),
            ],
            options={
                'indexes': [models.Index(fields=['till', '-at'], name='pullrun_by_till')],
                'constraints': [models.CheckConstraint(condition=models.Q(('verdict__in', ['found', 'empty', 'blind', 'failed'])), name='pullrun_verdict_is_known'), models.CheckConstraint(condition=models.Q(('until__gt', models.F('since'))), name='pullrun_window_is_forward')],
            },
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('reason', models.CharField(max_length=200)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='release', to='mpesa.inboundmessage')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='release_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='Reversal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('origin', models.CharField(choices=[('ours', 'By us'), ('outside', 'By Safaricom'), ('forged', 'It never happened')], max_length=8)),
                ('amount_cents', models.BigIntegerField()),
                ('state', models.CharField(choices=[('proposed', 'Waits for a second person'), ('approved', 'Waits for Safaricom'), ('done', 'Done'), ('refused', 'Not done'), ('unknown', 'No result came')], max_length=8)),
                ('receipt', models.CharField(blank=True, max_length=20)),
                ('reason', models.CharField(max_length=200)),
                ('proposed_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='mpesa.initiatororder')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='mpesa.payment')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='reversal_amount_is_positive'), models.CheckConstraint(condition=models.Q(('origin__in', ['ours', 'outside', 'forged'])), name='reversal_origin_is_known'), models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'approved', 'done', 'refused', 'unknown'])), name='reversal_state_is_known'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='reversal_has_a_reason'), models.CheckConstraint(condition=models.Q(('approved_by', None), ('proposed_by', None), models.Q(('approved_by', models.F('proposed_by')), _negated=True), ('approved_at', models.F('proposed_at')), _connector='OR'), name='reversal_second_person_is_another'), models.UniqueConstraint(condition=models.Q(('receipt', ''), _negated=True), fields=('receipt',), name='reversal_receipt_once'), models.UniqueConstraint(condition=models.Q(('state__in', ('proposed', 'approved', 'unknown'))), fields=('payment',), name='reversal_one_live_per_payment')],
            },
        ),
        migrations.CreateModel(
            name='Sighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('receipt', models.CharField(max_length=20)),
                ('source', models.CharField(choices=[('stk', 'Callback of a prompt'), ('confirm', 'Confirmation'), ('pull', 'Pull'), ('status', 'Transaction status'), ('file', 'Statement')], max_length=8)),
                ('amount_cents', models.BigIntegerField()),
                ('paid_at', models.DateTimeField()),
                ('balance_cents', models.BigIntegerField(null=True)),
                ('seen_at', models.DateTimeField()),
                ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.inboundmessage')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.till')),
            ],
            options={
                'indexes': [models.Index(fields=['till', 'paid_at'], name='sighting_by_time')],
                'constraints': [models.UniqueConstraint(fields=('receipt', 'source'), name='sighting_once_per_source'), models.CheckConstraint(condition=models.Q(('source__in', ['stk', 'confirm', 'pull', 'status', 'file'])), name='sighting_source_is_known'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='sighting_amount_is_positive')],
            },
        ),
        migrations.CreateModel(
            name='StatementUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('content', models.BinaryField(null=True)),
                ('first_day', models.DateField(null=True)),
                ('last_day', models.DateField(null=True)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('preview', 'To be looked at'), ('waiting', 'To be brought in'), ('done', 'Brought in'), ('dropped', 'Dropped')], max_length=8)),
                ('at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='mpesa.till')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['preview', 'waiting', 'done', 'dropped'])), name='statementupload_state_is_known'), models.UniqueConstraint(condition=models.Q(('state', 'dropped'), _negated=True), fields=('till', 'sha256'), name='statementupload_once')],
            },
        ),
        migrations.CreateModel(
            name='TiedDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('tied_at', models.DateTimeField(null=True)),
                ('payments', models.PositiveIntegerField(default=0)),
                ('total_cents', models.BigIntegerField(default=0)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tied_days', to='mpesa.till')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('till', 'day'), name='tiedday_once')],
            },
        ),
        migrations.CreateModel(
            name='BalanceGap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('missing_cents', models.BigIntegerField()),
                ('found_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('after', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='gap', to='mpesa.sighting')),
                ('before', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.sighting')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('missing_cents__gt', 0)), name='balancegap_amount_is_positive')],
            },
        ),
        migrations.CreateModel(
            name='StatementRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('receipt', models.CharField(max_length=20)),
                ('kind', models.CharField(max_length=10)),
                ('sign', models.SmallIntegerField()),
                ('amount_cents', models.BigIntegerField()),
                ('balance_cents', models.BigIntegerField(null=True)),
                ('at', models.DateTimeField()),
                ('linked_receipt', models.CharField(blank=True, max_length=20)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('posted_key', models.CharField(blank=True, max_length=64)),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statement_rows', to='mpesa.till')),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.statementupload')),
            ],
            options={
                'indexes': [models.Index(fields=['till', 'at'], name='statementrow_by_time')],
                'constraints': [models.UniqueConstraint(fields=('till', 'receipt', 'kind', 'sign'), name='statementrow_once'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='statementrow_amount_is_positive'), models.CheckConstraint(condition=models.Q(('sign__in', [1, -1])), name='statementrow_sign_is_one')],
            },
        ),
    ]
