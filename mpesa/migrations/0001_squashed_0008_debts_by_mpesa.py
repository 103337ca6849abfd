"""All migrations so far in one, for a new database; the ones before it bring an older one along."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('mpesa', '0001_first'), ('mpesa', '0002_erasures'), ('mpesa', '0003_spool'), ('mpesa', '0004_rotation'), ('mpesa', '0005_whole_rail'), ('mpesa', '0006_second_thoughts'), ('mpesa', '0007_erasures_at_once'), ('mpesa', '0008_debts_by_mpesa')]

    initial = True

    dependencies = [
        ('money', '0001_squashed_0004_staff_and_limits'),
        ('money', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='ErasureRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_at', models.DateTimeField()),
                ('quarantined_too', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='ErasureItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='mpesa.erasurerequest')),
                ('line', models.PositiveIntegerField()),
                ('phone', models.CharField(blank=True, max_length=12)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('erased', 'Erased'), ('unknown', 'Nothing was known of it'), ('dropped', 'Not erased, kept no longer')], default='waiting', max_length=8)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['phone'], name='erasureitem_waiting')],
                'constraints': [models.UniqueConstraint(fields=('request', 'line'), name='erasureitem_line_once'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'erased', 'unknown', 'dropped'])), name='erasureitem_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'waiting'), models.Q(('phone', ''), _negated=True)), models.Q(models.Q(('state', 'waiting'), _negated=True), ('ended_at__isnull', False), ('phone', '')), _connector='OR'), name='erasureitem_phone_while_it_waits')],
            },
        ),
        migrations.CreateModel(
            name='Till',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tills', to='money.business')),
                ('kind', models.CharField(choices=[('till', 'Till (Buy Goods)'), ('paybill', 'Paybill')], max_length=10)),
                ('number', models.CharField(max_length=10, unique=True)),
                ('shortcode', models.CharField(max_length=10)),
                ('callback_secret', models.CharField(max_length=64, unique=True)),
                ('previous_secret', models.CharField(blank=True, editable=False, max_length=64)),
                ('rotated_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('trust', models.CharField(choices=[('path', 'The secret address'), ('addresses', "The secret address, called from Safaricom's own")], default='path', max_length=10)),
                ('trusted_up_to_cents', models.BigIntegerField(default=2000000)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('previous_secret', ''), _negated=True), fields=('previous_secret',), name='till_previous_secret_once'), models.CheckConstraint(condition=models.Q(('previous_secret', ''), ('rotated_at__isnull', False), _connector='OR'), name='till_rotation_has_its_time'), models.CheckConstraint(condition=models.Q(('kind__in', ['till', 'paybill'])), name='till_kind_is_known'), models.CheckConstraint(condition=models.Q(('trust__in', ['path', 'addresses'])), name='till_trust_is_known'), models.CheckConstraint(condition=models.Q(('trusted_up_to_cents__gte', 0)), name='till_trust_is_not_negative'), models.CheckConstraint(condition=models.Q(('number__regex', '^[0-9]{5,10}$'), ('shortcode__regex', '^[0-9]{5,10}$')), name='till_numbers_are_digits'), models.CheckConstraint(condition=models.Q(('kind', 'till'), ('number', models.F('shortcode')), _connector='OR'), name='till_paybill_is_its_shortcode')],
            },
        ),
        migrations.CreateModel(
            name='ClosedReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='closed_references', to='mpesa.till')),
                ('reference', models.CharField(max_length=40)),
                ('reason', models.CharField(max_length=100)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
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
            name='InboundMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=20)),
                ('till', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.till')),
                ('token_digest', models.CharField(blank=True, max_length=64)),
                ('body', models.BinaryField(null=True)),
                ('sha256', models.CharField(max_length=64)),
                ('address', models.CharField(max_length=45)),
                ('headers', models.JSONField(default=dict)),
                ('received_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('understood', 'Understood'), ('quarantined', 'In quarantine')], default='waiting', max_length=12)),
                ('handled_at', models.DateTimeField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('receipt', models.CharField(blank=True, editable=False, max_length=20)),
                ('spool_id', models.CharField(blank=True, editable=False, max_length=32)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['id'], name='inbound_waiting'), models.Index(condition=models.Q(('state', 'quarantined')), fields=['receipt'], name='inbound_held')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('spool_id', ''), _negated=True), fields=('spool_id',), name='inbound_spooled_once'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'understood', 'quarantined'])), name='inbound_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('handled_at', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('handled_at__isnull', False)), _connector='OR'), name='inbound_handled_or_waiting')],
            },
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='release', to='mpesa.inboundmessage')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
                ('reason', models.CharField(max_length=200)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='release_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='Stray',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=200)),
                ('body', models.BinaryField()),
                ('address', models.CharField(max_length=45)),
                ('reason', models.CharField(max_length=60)),
                ('received_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'stray message',
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
                ('requests', models.PositiveIntegerField(help_text='Payment requests.')),
                ('messages', models.PositiveIntegerField(help_text='Bodies of inbound messages.')),
                ('strays', models.PositiveIntegerField(help_text='Stray messages, deleted.')),
                ('payers', models.PositiveIntegerField(default=0, help_text='Who paid, of payments.')),
                ('uploads', models.PositiveIntegerField(default=0, help_text='Statement files.')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('requests__gt', 0), ('messages__gt', 0), ('strays__gt', 0), ('payers__gt', 0), ('uploads__gt', 0), _connector='OR'), name='erasure_erased_something')],
            },
        ),
        migrations.CreateModel(
            name='PaymentRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='mpesa.till')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('reference', models.CharField(max_length=40)),
                ('account_reference', models.CharField(max_length=12)),
                ('phone', models.CharField(blank=True, max_length=12)),
                ('amount_cents', models.BigIntegerField()),
                ('token_digest', models.CharField(blank=True, max_length=64)),
                ('state', models.CharField(choices=[('created', 'Waiting to be asked'), ('asked', 'Asked'), ('paid', 'Paid'), ('failed', 'Failed'), ('unknown', 'No answer yet'), ('expired', 'Never asked')], default='created', max_length=8)),
                ('checkout_request_id', models.CharField(blank=True, max_length=100)),
                ('merchant_request_id', models.CharField(blank=True, max_length=100)),
                ('result_code', models.CharField(blank=True, max_length=20)),
                ('result_text', models.CharField(blank=True, max_length=200)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('next_query_at', models.DateTimeField(blank=True, null=True)),
                ('queries', models.PositiveIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['created', 'asked', 'unknown'])), fields=['state', 'next_query_at'], name='request_open'), models.Index(fields=['reference', 'id'], name='request_by_reference'), models.Index(fields=['till', 'amount_cents', 'asked_at'], name='request_by_amount')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['created', 'asked', 'paid', 'failed', 'unknown', 'expired'])), name='request_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('amount_cents__gte', 100), ('amount_cents__lte', 25000000)), django.db.models.lookups.Exact(django.db.models.expressions.CombinedExpression(models.F('amount_cents'), '%%', models.Value(100)), 0)), name='request_is_whole_shillings_within_limits'), models.UniqueConstraint(condition=models.Q(('state__in', ('created', 'asked'))), fields=('reference',), name='request_one_live_per_reference'), models.UniqueConstraint(condition=models.Q(('token_digest', ''), _negated=True), fields=('token_digest',), name='request_token_once'), models.UniqueConstraint(condition=models.Q(('checkout_request_id', ''), _negated=True), fields=('checkout_request_id',), name='request_checkout_id_once')],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('receipt', models.CharField(max_length=20, unique=True)),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='mpesa.till')),
                ('amount_cents', models.BigIntegerField()),
                ('paid_at', models.DateTimeField()),
                ('request', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payment', to='mpesa.paymentrequest')),
                ('request_is_guess', models.BooleanField(default=False)),
                ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.inboundmessage')),
                ('recorded_at', models.DateTimeField()),
                ('corrected_cents', models.BigIntegerField(default=0)),
                ('allocated_cents', models.BigIntegerField(default=0)),
                ('reversed_cents', models.BigIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('allocated_cents__lt', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('amount_cents'), '+', models.F('corrected_cents')), '-', models.F('reversed_cents')))), fields=['id'], name='payment_unmatched'), models.Index(fields=['paid_at'], name='payment_by_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='payment_amount_is_positive'), models.CheckConstraint(condition=models.Q(('allocated_cents__gte', 0), ('allocated_cents__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('amount_cents'), '+', models.F('corrected_cents')), '-', models.F('reversed_cents'))), ('reversed_cents__gte', 0)), name='payment_allocated_within_amount'), models.CheckConstraint(condition=models.Q(('request_is_guess', False), ('request__isnull', False), _connector='OR'), name='payment_guess_has_its_request'), models.CheckConstraint(condition=models.Q(('receipt__regex', '^[A-Z0-9]{6,20}$')), name='payment_receipt_looks_right')],
            },
        ),
        migrations.CreateModel(
            name='Sighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('receipt', models.CharField(max_length=20)),
                ('source', models.CharField(choices=[('stk', 'Callback of a prompt'), ('confirm', 'Confirmation'), ('pull', 'Pull'), ('status', 'Transaction status'), ('file', 'Statement')], max_length=8)),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.till')),
                ('amount_cents', models.BigIntegerField()),
                ('paid_at', models.DateTimeField()),
                ('balance_cents', models.BigIntegerField(null=True)),
                ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.inboundmessage')),
                ('seen_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['till', 'paid_at'], name='sighting_by_time')],
                'constraints': [models.UniqueConstraint(fields=('receipt', 'source'), name='sighting_once_per_source'), models.CheckConstraint(condition=models.Q(('source__in', ['stk', 'confirm', 'pull', 'status', 'file'])), name='sighting_source_is_known'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='sighting_amount_is_positive')],
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
            name='Allocation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='mpesa.payment')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('purpose', models.CharField(choices=[('sale', 'Sale'), ('credit', "Customer's credit"), ('refund', 'To be given back'), ('debt', "A customer's debt")], max_length=6)),
                ('reference', models.CharField(blank=True, max_length=40)),
                ('account_code', models.CharField(max_length=12)),
                ('amount_cents', models.BigIntegerField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('is_guess', models.BooleanField(default=False)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undone_at', models.DateTimeField(null=True)),
                ('undone_reason', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'indexes': [models.Index(fields=['reference'], name='allocation_by_reference'), models.Index(condition=models.Q(('undone_at__isnull', False)), fields=['id'], name='allocation_undone')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='allocation_amount_is_positive'), models.CheckConstraint(condition=models.Q(('purpose__in', ['sale', 'credit', 'refund', 'debt'])), name='allocation_purpose_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('undone_at', None), ('undone_by', None), ('undone_reason', '')), models.Q(('undone_at__isnull', False), models.Q(('undone_reason', ''), _negated=True)), _connector='OR'), name='allocation_undone_with_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='InitiatorOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='mpesa.till')),
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
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('tries', models.PositiveIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ('created', 'asked'))), fields=['state', 'next_try_at'], name='initiatororder_open'), models.Index(fields=['receipt'], name='initiatororder_by_receipt')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['status', 'balance', 'reversal'])), name='initiatororder_kind_is_known'), models.CheckConstraint(condition=models.Q(('state__in', ['created', 'asked', 'done', 'failed', 'unknown'])), name='initiatororder_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'reversal'), _negated=True), models.Q(('amount_cents__gt', 0), ('amount_cents__isnull', False), models.Q(('receipt', ''), _negated=True)), _connector='OR'), name='initiatororder_reversal_has_its_amount'), models.UniqueConstraint(condition=models.Q(('token_digest', ''), _negated=True), fields=('token_digest',), name='initiatororder_token_once')],
            },
        ),
        migrations.CreateModel(
            name='AccountBalance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='balances', to='mpesa.till')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='balances', to='mpesa.initiatororder')),
                ('account', models.CharField(max_length=100)),
                ('balance_cents', models.BigIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['till', '-id'], name='accountbalance_by_till')],
                'constraints': [models.UniqueConstraint(fields=('order', 'account'), name='accountbalance_once_per_order')],
            },
        ),
        migrations.CreateModel(
            name='Reversal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='mpesa.payment')),
                ('origin', models.CharField(choices=[('ours', 'By us'), ('outside', 'By Safaricom'), ('forged', 'It never happened')], max_length=8)),
                ('amount_cents', models.BigIntegerField()),
                ('state', models.CharField(choices=[('proposed', 'Waits for a second person'), ('approved', 'Waits for Safaricom'), ('done', 'Done'), ('refused', 'Not done'), ('unknown', 'No result came'), ('undone', 'Undone: it came after all')], max_length=8)),
                ('receipt', models.CharField(blank=True, max_length=20)),
                ('reason', models.CharField(max_length=200)),
                ('order', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='mpesa.initiatororder')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_at', models.DateTimeField()),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('approved_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('undone_source', models.CharField(blank=True, choices=[('stk', 'Callback of a prompt'), ('confirm', 'Confirmation'), ('pull', 'Pull'), ('status', 'Transaction status'), ('file', 'Statement')], max_length=8)),
                ('note', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='reversal_amount_is_positive'), models.CheckConstraint(condition=models.Q(('origin__in', ['ours', 'outside', 'forged'])), name='reversal_origin_is_known'), models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'approved', 'done', 'refused', 'unknown', 'undone'])), name='reversal_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('origin', 'forged'), ('state', 'undone'), ('undone_at__isnull', False), ('undone_source__in', ('pull', 'status', 'file'))), models.Q(models.Q(('state', 'undone'), _negated=True), ('undone_at', None), ('undone_source', '')), _connector='OR'), name='reversal_only_a_forgery_is_undone'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='reversal_has_a_reason'), models.CheckConstraint(condition=models.Q(('approved_by', None), ('proposed_by', None), models.Q(('approved_by', models.F('proposed_by')), _negated=True), ('approved_at', models.F('proposed_at')), _connector='OR'), name='reversal_second_person_is_another'), models.UniqueConstraint(condition=models.Q(('receipt', ''), _negated=True), fields=('receipt',), name='reversal_receipt_once'), models.UniqueConstraint(condition=models.Q(('state__in', ('proposed', 'approved', 'unknown'))), fields=('payment',), name='reversal_one_live_per_payment')],
            },
        ),
        migrations.CreateModel(
            name='PullRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pulls', to='mpesa.till')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('at', models.DateTimeField()),
                ('verdict', models.CharField(choices=[('found', 'Answered'), ('empty', 'Nothing happened'), ('blind', 'Says nothing of what we know'), ('failed', 'No answer')], max_length=6)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('new', models.PositiveIntegerField(default=0)),
                ('note', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'indexes': [models.Index(fields=['till', '-at'], name='pullrun_by_till')],
                'constraints': [models.CheckConstraint(condition=models.Q(('verdict__in', ['found', 'empty', 'blind', 'failed'])), name='pullrun_verdict_is_known'), models.CheckConstraint(condition=models.Q(('until__gt', models.F('since'))), name='pullrun_window_is_forward')],
            },
        ),
        migrations.CreateModel(
            name='BalanceGap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('after', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='gap', to='mpesa.sighting')),
                ('before', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.sighting')),
                ('missing_cents', models.BigIntegerField()),
                ('found_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('missing_cents__gt', 0)), name='balancegap_amount_is_positive')],
            },
        ),
        migrations.CreateModel(
            name='StatementUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='mpesa.till')),
                ('name', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('content', models.BinaryField(null=True)),
                ('first_day', models.DateField(null=True)),
                ('last_day', models.DateField(null=True)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('preview', 'To be looked at'), ('waiting', 'To be brought in'), ('done', 'Brought in'), ('dropped', 'Dropped')], max_length=8)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['preview', 'waiting', 'done', 'dropped'])), name='statementupload_state_is_known'), models.UniqueConstraint(condition=models.Q(('state', 'dropped'), _negated=True), fields=('till', 'sha256'), name='statementupload_once')],
            },
        ),
        migrations.CreateModel(
            name='StatementRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statement_rows', to='mpesa.till')),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mpesa.statementupload')),
                ('receipt', models.CharField(max_length=20)),
                ('kind', models.CharField(max_length=10)),
                ('sign', models.SmallIntegerField()),
                ('amount_cents', models.BigIntegerField()),
                ('balance_cents', models.BigIntegerField(null=True)),
                ('at', models.DateTimeField()),
                ('linked_receipt', models.CharField(blank=True, max_length=20)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('posted_key', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'indexes': [models.Index(fields=['till', 'at'], name='statementrow_by_time')],
                'constraints': [models.UniqueConstraint(fields=('till', 'receipt', 'kind', 'sign'), name='statementrow_once'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='statementrow_amount_is_positive'), models.CheckConstraint(condition=models.Q(('sign__in', [1, -1])), name='statementrow_sign_is_one')],
            },
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='correction', to='mpesa.payment')),
                ('row', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='correction', to='mpesa.statementrow')),
                ('before_cents', models.BigIntegerField()),
                ('amount_cents', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0), ('before_cents__gt', 0)), name='correction_amount_is_positive'), models.CheckConstraint(condition=models.Q(('amount_cents', models.F('before_cents')), _negated=True), name='correction_changes_something'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='correction_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='TiedDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('till', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tied_days', to='mpesa.till')),
                ('day', models.DateField()),
                ('tied_at', models.DateTimeField(null=True)),
                ('payments', models.PositiveIntegerField(default=0)),
                ('total_cents', models.BigIntegerField(default=0)),
                ('note', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('till', 'day'), name='tiedday_once')],
            },
        ),
    ]
