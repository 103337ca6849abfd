"""All migrations so far in one, for a new database; the ones before it bring an older one along."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('shops', '0001_first'), ('shops', '0002_excise_on_water'), ('shops', '0003_payments_split_and_taken_back'), ('shops', '0004_cash_sessions'), ('shops', '0005_prices_with_days_and_codes'), ('shops', '0006_tenders_and_refunds'), ('shops', '0007_stock'), ('shops', '0008_counter'), ('shops', '0009_counts_and_transfers'), ('shops', '0010_recipes_and_batches')]

    initial = True

    dependencies = [
        ('money', '0001_squashed_0004_staff_and_limits'),
        ('money', '__first__'),
        ('mpesa', '0001_squashed_0008_debts_by_mpesa'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProductFamily',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='families', to='money.business')),
                ('name', models.CharField(max_length=60)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'name'), name='productfamily_name_once_per_business'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='productfamily_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='products', to='money.business')),
                ('name', models.CharField(max_length=80)),
                ('unit', models.CharField(choices=[('piece', 'piece'), ('kg', 'kg'), ('litre', 'litre')], default='piece', max_length=6)),
                ('tax_class', models.CharField(choices=[('A', 'A (exempt)'), ('B', 'B (16 %)'), ('C', 'C (zero-rated)'), ('D', 'D (non-VAT)'), ('E', 'E (8 %)')], max_length=1)),
                ('sales_account', models.CharField(help_text='The code of an income account.', max_length=12)),
                ('excise_millilitres', models.PositiveIntegerField(blank=True, default=0, help_text='20,000 for a refill of 20 litres; 0 for what bears no excise duty.', verbose_name='water for excise, ml per unit')),
                ('is_active', models.BooleanField(default=True)),
                ('family', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='variants', to='shops.productfamily')),
                ('variant', models.CharField(blank=True, max_length=40)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'name'), name='product_name_once_per_business'), models.UniqueConstraint(fields=('family', 'variant'), name='product_variant_once_per_family'), models.CheckConstraint(condition=models.Q(models.Q(('family', None), ('variant', '')), models.Q(('family__isnull', False), models.Q(('variant', ''), _negated=True)), _connector='OR'), name='product_of_a_family_has_a_variant'), models.CheckConstraint(condition=models.Q(('unit__in', ['piece', 'kg', 'litre'])), name='product_unit_is_known'), models.CheckConstraint(condition=models.Q(('tax_class__in', ['A', 'B', 'C', 'D', 'E'])), name='product_tax_class_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Price',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prices', to='shops.product')),
                ('price_cents', models.BigIntegerField()),
                ('from_day', models.DateField()),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('set_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['product', 'from_day', 'id'], name='price_by_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(('price_cents__gt', 0)), name='price_is_positive')],
            },
        ),
        migrations.CreateModel(
            name='Barcode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='money.business')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='barcodes', to='shops.product')),
                ('code', models.CharField(max_length=48)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'code'), name='barcode_once_per_business'), models.CheckConstraint(condition=models.Q(('code', ''), _negated=True), name='barcode_is_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Drawer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drawers', to='money.business')),
                ('name', models.CharField(max_length=40)),
                ('account_code', models.CharField(max_length=12)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'name'), name='drawer_name_once_per_business'), models.UniqueConstraint(fields=('business', 'account_code'), name='drawer_account_once_per_business'), models.CheckConstraint(condition=models.Q(('account_code', '1000'), ('account_code__startswith', '1000.'), _connector='OR'), name='drawer_account_is_a_drawer')],
            },
        ),
        migrations.CreateModel(
            name='CashSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cash_sessions', to='money.business')),
                ('drawer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='shops.drawer')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('day', models.DateField()),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_at', models.DateTimeField()),
                ('float_cents', models.BigIntegerField()),
                ('float_counts', models.JSONField(blank=True, default=dict)),
                ('float_source', models.CharField(choices=[('left', 'It was left in the drawer'), ('safe', 'It comes from the safe'), ('owner', 'The owner brought it')], max_length=5)),
                ('found_cents', models.BigIntegerField()),
                ('z_number', models.PositiveBigIntegerField(blank=True, null=True)),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('expected_cents', models.BigIntegerField(blank=True, null=True)),
                ('other_cents', models.BigIntegerField(blank=True, null=True)),
                ('counted_cents', models.BigIntegerField(blank=True, null=True)),
                ('counts', models.JSONField(blank=True, default=dict)),
                ('variance_cents', models.BigIntegerField(blank=True, null=True)),
                ('left_cents', models.BigIntegerField(blank=True, null=True)),
                ('needs_note', models.BooleanField(default=False)),
                ('figures', models.JSONField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['business', 'day'], name='cashsession_by_day')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('drawer',), name='cashsession_one_open_per_drawer'), models.UniqueConstraint(fields=('business', 'z_number'), name='cashsession_z_once_per_business'), models.CheckConstraint(condition=models.Q(('float_cents__gte', 0)), name='cashsession_float_is_not_negative'), models.CheckConstraint(condition=models.Q(('float_source__in', ['left', 'safe', 'owner'])), name='cashsession_source_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None), ('counted_cents', None), ('expected_cents', None), ('figures', None), ('z_number', None)), models.Q(('closed_at__isnull', False), ('expected_cents__isnull', False), ('figures__isnull', False), ('other_cents__isnull', False), ('z_number__isnull', False)), _connector='OR'), name='cashsession_is_closed_wholly'), models.CheckConstraint(condition=models.Q(models.Q(('counted_cents', None), ('left_cents', None), ('variance_cents', None)), models.Q(('counted_cents__gte', 0), ('counted_cents__isnull', False), ('left_cents__gte', 0), ('left_cents__isnull', False), ('left_cents__lte', models.F('counted_cents')), ('variance_cents', django.db.models.expressions.CombinedExpression(models.F('counted_cents'), '-', models.F('expected_cents'))), ('variance_cents__isnull', False)), _connector='OR'), name='cashsession_variance_is_counted_less_expected'), models.CheckConstraint(condition=models.Q(('counted_cents', None), ('closed_by__isnull', False), _connector='OR'), name='cashsession_who_counts_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='CashMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='shops.cashsession')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('kind', models.CharField(choices=[('in', 'Paid in'), ('out', 'Paid out'), ('drop', 'To the safe'), ('bank', 'To the bank')], max_length=4)),
                ('reason', models.CharField(max_length=20)),
                ('account_code', models.CharField(max_length=12)),
                ('amount_cents', models.BigIntegerField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('paper', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cash_moves', to='money.attachment')),
                ('corrects', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='found_later', to='shops.cashsession')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['in', 'out', 'drop', 'bank'])), name='cashmove_kind_is_known'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='cashmove_amount_is_positive')],
            },
        ),
        migrations.CreateModel(
            name='SessionNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='shops.cashsession')),
                ('text', models.CharField(max_length=400)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='sessionnote_says_something')],
            },
        ),
        migrations.CreateModel(
            name='SessionCorrection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='shops.cashsession')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('reason', models.CharField(max_length=20)),
                ('account_code', models.CharField(max_length=12)),
                ('amount_cents', models.BigIntegerField()),
                ('note', models.CharField(max_length=200)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents', 0), _negated=True), name='sessioncorrection_is_of_something'), models.CheckConstraint(condition=models.Q(('note', ''), _negated=True), name='sessioncorrection_says_why')],
            },
        ),
        migrations.CreateModel(
            name='SafeBanking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bankings', to='money.business')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('amount_cents', models.BigIntegerField()),
                ('slip', models.CharField(blank=True, max_length=60)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='safebanking_amount_is_positive')],
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='customers', to='money.business')),
                ('name', models.CharField(max_length=60)),
                ('phone', models.CharField(blank=True, help_text='254 and nine digits.', max_length=12)),
                ('credit_limit_cents', models.BigIntegerField(default=0)),
                ('is_active', models.BooleanField(default=True)),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('added_at', models.DateTimeField()),
                ('erased_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('erased_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'name'), name='customer_name_once_per_business'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='customer_has_a_name'), models.CheckConstraint(condition=models.Q(('credit_limit_cents__gte', 0)), name='customer_limit_is_not_negative'), models.CheckConstraint(condition=models.Q(models.Q(('erased_at', None), ('erased_by', None)), models.Q(('credit_limit_cents', 0), ('erased_at__isnull', False), ('erased_by__isnull', False), ('is_active', False), ('phone', '')), _connector='OR'), name='customer_erased_wholly')],
            },
        ),
        migrations.CreateModel(
            name='CustomerPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='shops.customer')),
                ('key', models.CharField(max_length=64)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='customer_payments', to='shops.cashsession')),
                ('amount_cents', models.BigIntegerField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='customerpayment_is_positive'), models.UniqueConstraint(fields=('customer', 'key'), name='customerpayment_key_once_per_customer')],
            },
        ),
        migrations.CreateModel(
            name='ReceiptBook',
            fields=[
                ('business', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='money.business')),
                ('last_number', models.PositiveBigIntegerField(default=0)),
                ('last_z_number', models.PositiveBigIntegerField(default=0)),
                ('last_refund_number', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Sale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sales', to='money.business')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('state', models.CharField(choices=[('open', 'Open'), ('paid', 'Paid'), ('owed', 'Payment taken back'), ('cancelled', 'Cancelled')], default='open', max_length=9)),
                ('number', models.PositiveBigIntegerField(blank=True, null=True)),
                ('sold_on', models.DateField()),
                ('total_cents', models.BigIntegerField()),
                ('vat_cents', models.BigIntegerField()),
                ('discount_cents', models.BigIntegerField(default=0)),
                ('discount_reason', models.CharField(blank=True, max_length=100)),
                ('discount_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('is_vat_registered', models.BooleanField()),
                ('cashier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sales', to='shops.cashsession')),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['business', 'sold_on'], name='sale_by_day'), models.Index(condition=models.Q(('state__in', ('open', 'owed'))), fields=['id'], name='sale_owing')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['open', 'paid', 'owed', 'cancelled'])), name='sale_state_is_known'), models.UniqueConstraint(fields=('business', 'number'), name='sale_number_once_per_business'), models.CheckConstraint(condition=models.Q(models.Q(('number__isnull', False), ('state__in', ('paid', 'owed'))), models.Q(models.Q(('state__in', ('paid', 'owed')), _negated=True), ('number', None)), _connector='OR'), name='sale_has_a_number_exactly_when_posted'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='sale_ended_exactly_when_not_open'), models.CheckConstraint(condition=models.Q(('total_cents__gt', 0)), name='sale_total_is_positive'), models.CheckConstraint(condition=models.Q(models.Q(('discount_by', None), ('discount_cents', 0), ('discount_reason', '')), models.Q(('discount_by__isnull', False), ('discount_cents__gt', 0), models.Q(('discount_reason', ''), _negated=True)), _connector='OR'), name='sale_discount_has_a_reason'), models.CheckConstraint(condition=models.Q(('vat_cents__gte', 0), ('vat_cents__lt', models.F('total_cents'))), name='sale_vat_within_total')],
            },
        ),
        migrations.CreateModel(
            name='SaleLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sale', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='shops.sale')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.product')),
                ('name', models.CharField(max_length=80)),
                ('unit', models.CharField(choices=[('piece', 'piece'), ('kg', 'kg'), ('litre', 'litre')], max_length=6)),
                ('quantity_milli', models.PositiveBigIntegerField()),
                ('price_cents', models.BigIntegerField()),
                ('amount_cents', models.BigIntegerField()),
                ('discount_cents', models.BigIntegerField(default=0)),
                ('tax_class', models.CharField(choices=[('A', 'A (exempt)'), ('B', 'B (16 %)'), ('C', 'C (zero-rated)'), ('D', 'D (non-VAT)'), ('E', 'E (8 %)')], max_length=1)),
                ('rate_bp', models.PositiveIntegerField()),
                ('vat_cents', models.BigIntegerField()),
                ('excise_cents', models.BigIntegerField(default=0)),
                ('sales_account', models.CharField(max_length=12)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('unit__in', ['piece', 'kg', 'litre'])), name='saleline_unit_is_known'), models.CheckConstraint(condition=models.Q(('excise_cents__gte', 0)), name='saleline_excise_is_not_negative'), models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0)), name='saleline_quantity_is_positive'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='saleline_amount_is_positive'), models.CheckConstraint(condition=models.Q(('discount_cents__gte', 0)), name='saleline_discount_is_not_negative'), models.CheckConstraint(condition=models.Q(('vat_cents__gte', 0), ('vat_cents__lt', models.F('amount_cents'))), name='saleline_vat_within_amount')],
            },
        ),
        migrations.CreateModel(
            name='Tender',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sale', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tenders', to='shops.sale')),
                ('key', models.CharField(blank=True, max_length=64)),
                ('method', models.CharField(choices=[('cash', 'Cash'), ('mpesa', 'M-Pesa'), ('credit', 'On credit')], max_length=6)),
                ('amount_cents', models.BigIntegerField()),
                ('rounding_cents', models.BigIntegerField(default=0)),
                ('given_cents', models.BigIntegerField(blank=True, null=True)),
                ('payment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tenders', to='mpesa.payment')),
                ('session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tenders', to='shops.cashsession')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tenders', to='shops.customer')),
                ('back_session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tenders_back', to='shops.cashsession')),
                ('taken_at', models.DateTimeField()),
                ('taken_back_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('method__in', ['cash', 'mpesa', 'credit'])), name='tender_method_is_known'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='tender_amount_is_positive'), models.CheckConstraint(condition=models.Q(models.Q(('given_cents__isnull', False), ('method', 'cash'), ('payment', None)), models.Q(('given_cents', None), ('method', 'mpesa'), ('payment__isnull', False), ('rounding_cents', 0)), models.Q(('given_cents', None), ('method', 'credit'), ('payment', None), ('rounding_cents', 0)), _connector='OR'), name='tender_cash_was_given_mpesa_was_paid'), models.CheckConstraint(condition=models.Q(models.Q(('customer__isnull', False), ('method', 'credit')), models.Q(models.Q(('method', 'credit'), _negated=True), ('customer', None)), _connector='OR'), name='tender_credit_has_a_customer'), models.CheckConstraint(condition=models.Q(('given_cents', None), ('given_cents__gte', django.db.models.expressions.CombinedExpression(models.F('amount_cents'), '+', models.F('rounding_cents'))), _connector='OR'), name='tender_given_is_enough'), models.CheckConstraint(condition=models.Q(('rounding_cents__gt', -100), ('rounding_cents__lt', 100)), name='tender_rounding_is_below_a_shilling'), models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('sale', 'key'), name='tender_key_once_per_sale'), models.UniqueConstraint(condition=models.Q(('payment__isnull', False), ('taken_back_at', None)), fields=('sale', 'payment'), name='tender_payment_once_per_sale'), models.CheckConstraint(condition=models.Q(('session', None), ('method', 'cash'), _connector='OR'), name='tender_only_cash_is_in_a_drawer'), models.CheckConstraint(condition=models.Q(models.Q(('back_session', None), models.Q(('taken_back_at', None), models.Q(('method', 'cash'), _negated=True), _connector='OR')), models.Q(('back_session__isnull', False), ('method', 'cash'), ('taken_back_at__isnull', False)), _connector='OR'), name='tender_cash_goes_back_out_of_a_drawer')],
            },
        ),
        migrations.CreateModel(
            name='Location',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='locations', to='money.business')),
                ('name', models.CharField(max_length=60)),
                ('is_counter', models.BooleanField(default=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'name'), name='location_name_once_per_business'), models.UniqueConstraint(condition=models.Q(('is_counter', True)), fields=('business',), name='location_one_counter_per_business')],
            },
        ),
        migrations.CreateModel(
            name='StockItem',
            fields=[
                ('product', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='stock_item', serialize=False, to='shops.product')),
                ('stock_account', models.CharField(max_length=12)),
                ('cost_account', models.CharField(max_length=12)),
                ('reorder_milli', models.PositiveBigIntegerField(default=0)),
                ('allows_negative', models.BooleanField(default=False)),
                ('keeps_batches', models.BooleanField(default=False)),
                ('warn_days', models.PositiveSmallIntegerField(default=14)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('keeps_batches', False), ('allows_negative', False), _connector='OR'), name='stockitem_batches_are_never_short'), models.CheckConstraint(condition=models.Q(('warn_days__gte', 0), ('warn_days__lte', 366)), name='stockitem_warns_within_a_year'), models.CheckConstraint(condition=models.Q(models.Q(('stock_account__startswith', '14'), ('stock_account__startswith', '15'), _connector='OR'), ('cost_account__startswith', '50')), name='stockitem_accounts_are_of_stock_and_of_cost'), models.CheckConstraint(condition=models.Q(('reorder_milli__gte', 0), ('reorder_milli__lte', 10000000)), name='stockitem_reorder_is_a_quantity')],
            },
        ),
        migrations.CreateModel(
            name='StockLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='shops.stockitem')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='shops.location')),
                ('on_hand_milli', models.BigIntegerField(default=0)),
                ('reserved_milli', models.BigIntegerField(default=0)),
                ('value_cents', models.BigIntegerField(default=0)),
                ('unit_cost_cents', models.BigIntegerField(default=0)),
                ('allows_negative', models.BooleanField(default=False)),
                ('keeps_batches', models.BooleanField(default=False)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('keeps_batches', False), ('allows_negative', False), _connector='OR'), name='stocklevel_batches_are_never_short'), models.UniqueConstraint(fields=('item', 'location'), name='stocklevel_once_per_item_and_location'), models.CheckConstraint(condition=models.Q(('allows_negative', True), ('on_hand_milli__gte', 0), _connector='OR'), name='stocklevel_is_not_negative_unless_allowed'), models.CheckConstraint(condition=models.Q(('reserved_milli__gte', 0), models.Q(('allows_negative', True), ('reserved_milli__lte', models.F('on_hand_milli')), _connector='OR')), name='stocklevel_reserves_what_is_there_unless_allowed'), models.CheckConstraint(condition=models.Q(models.Q(('on_hand_milli', 0), ('value_cents', 0)), models.Q(('on_hand_milli__gt', 0), ('value_cents__gte', 0)), models.Q(('on_hand_milli__lt', 0), ('value_cents__lte', 0)), _connector='OR'), name='stocklevel_value_follows_the_pieces'), models.CheckConstraint(condition=models.Q(('unit_cost_cents__gte', 0)), name='stocklevel_unit_cost_is_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='StockMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='shops.stockitem')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.location')),
                ('kind', models.CharField(choices=[('opening', 'Lay there at the beginning'), ('receipt', 'Received'), ('sale', 'Sold'), ('return', 'Brought back'), ('sent_back', 'Sent back to its supplier'), ('loss', 'Lost'), ('count', 'Counted'), ('transfer_out', 'Sent elsewhere'), ('transfer_in', 'Came from elsewhere'), ('revaluation', 'Cost set right')], max_length=12)),
                ('quantity_milli', models.BigIntegerField()),
                ('value_cents', models.BigIntegerField()),
                ('reference', models.CharField(max_length=64)),
                ('key', models.CharField(max_length=100, unique=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['item', 'location', 'id'], name='stockmove_of_level'), models.Index(fields=['reference'], name='stockmove_of_entry')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['opening', 'receipt', 'sale', 'return', 'sent_back', 'loss', 'count', 'transfer_out', 'transfer_in', 'revaluation'])), name='stockmove_kind_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('opening', 'receipt', 'return', 'transfer_in')), ('quantity_milli__gt', 0), ('value_cents__gte', 0)), models.Q(('kind__in', ('sale', 'sent_back', 'loss', 'transfer_out')), ('quantity_milli__lt', 0), ('value_cents__lte', 0)), models.Q(('kind', 'count'), ('quantity_milli__gt', 0), ('value_cents__gte', 0)), models.Q(('kind', 'count'), ('quantity_milli__lt', 0), ('value_cents__lte', 0)), models.Q(('kind', 'revaluation'), ('quantity_milli', 0)), _connector='OR'), name='stockmove_goes_the_way_of_its_kind')],
            },
        ),
        migrations.CreateModel(
            name='LineStock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stock', to='shops.saleline')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.stockitem')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.location')),
                ('quantity_milli', models.PositiveBigIntegerField()),
                ('state', models.CharField(choices=[('reserved', 'Rung up'), ('taken', 'Taken'), ('released', 'Given back')], default='reserved', max_length=8)),
                ('cost_cents', models.BigIntegerField(blank=True, null=True)),
                ('cost_account', models.CharField(blank=True, max_length=12)),
                ('comes_back', models.BooleanField(default=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'reserved')), fields=['item', 'location'], name='linestock_reserved')],
                'constraints': [models.UniqueConstraint(fields=('line', 'item'), name='linestock_once_per_line_and_item'), models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0)), name='linestock_quantity_is_positive'), models.CheckConstraint(condition=models.Q(('cost_account', ''), ('cost_account__startswith', '50'), _connector='OR'), name='linestock_cost_account_is_of_cost'), models.CheckConstraint(condition=models.Q(('state__in', ['reserved', 'taken', 'released'])), name='linestock_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('cost_cents__gte', 0), ('cost_cents__isnull', False), ('state', 'taken')), models.Q(models.Q(('state', 'taken'), _negated=True), ('cost_cents', None)), _connector='OR'), name='linestock_costs_exactly_when_taken')],
            },
        ),
        migrations.CreateModel(
            name='Loss',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='losses', to='shops.stockitem')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.location')),
                ('quantity_milli', models.PositiveBigIntegerField()),
                ('cost_cents', models.BigIntegerField()),
                ('reason', models.CharField(choices=[('breakage', 'Breakage'), ('theft', 'Theft'), ('expired', 'Expired'), ('leakage', 'Leakage'), ('own_use', 'Own use')], max_length=8)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('key', models.CharField(max_length=64, unique=True)),
                ('lost_on', models.DateField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0)), name='loss_quantity_is_positive'), models.CheckConstraint(condition=models.Q(('cost_cents__gte', 0)), name='loss_cost_is_not_negative'), models.CheckConstraint(condition=models.Q(('reason__in', ['breakage', 'theft', 'expired', 'leakage', 'own_use'])), name='loss_reason_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='shops.stockitem')),
                ('code', models.CharField(blank=True, max_length=40)),
                ('best_before', models.DateField(blank=True, null=True)),
                ('released_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('released_at', models.DateTimeField(blank=True, null=True)),
                ('release_reason', models.CharField(blank=True, max_length=200)),
                ('told_soon_at', models.DateTimeField(blank=True, null=True)),
                ('told_expired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('best_before__isnull', False)), fields=('item', 'code', 'best_before'), name='batch_once_per_item_code_and_day'), models.UniqueConstraint(condition=models.Q(('best_before', None)), fields=('item', 'code'), name='batch_once_per_item_and_code_without_a_day'), models.CheckConstraint(condition=models.Q(models.Q(('release_reason', ''), ('released_at', None), ('released_by', None)), models.Q(('released_at__isnull', False), ('released_by__isnull', False), models.Q(('release_reason', ''), _negated=True)), _connector='OR'), name='batch_is_released_wholly')],
            },
        ),
        migrations.CreateModel(
            name='BatchLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='shops.batch')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.location')),
                ('on_hand_milli', models.BigIntegerField(default=0)),
                ('reserved_milli', models.BigIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('on_hand_milli__gt', 0)), fields=['location', 'batch'], name='batchlevel_there')],
                'constraints': [models.UniqueConstraint(fields=('batch', 'location'), name='batchlevel_once_per_batch_and_location'), models.CheckConstraint(condition=models.Q(('reserved_milli__gte', 0), ('reserved_milli__lte', models.F('on_hand_milli'))), name='batchlevel_reserves_what_is_there')],
            },
        ),
        migrations.CreateModel(
            name='BatchMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='shops.batch')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.location')),
                ('move', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='shops.stockmove')),
                ('quantity_milli', models.BigIntegerField()),
                ('key', models.CharField(max_length=120, unique=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity_milli', 0), _negated=True), name='batchmove_is_of_something')],
            },
        ),
        migrations.CreateModel(
            name='LineBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('held', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='shops.linestock')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.batch')),
                ('quantity_milli', models.PositiveBigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('held', 'batch'), name='linebatch_once_per_line_and_batch'), models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0)), name='linebatch_quantity_is_positive')],
            },
        ),
        migrations.CreateModel(
            name='FastMover',
            fields=[
                ('product', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='shops.product')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='money.business')),
                ('times', models.PositiveIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['business', '-times'], name='fastmover_by_times')],
                'constraints': [models.CheckConstraint(condition=models.Q(('times__gt', 0)), name='fastmover_was_sold')],
            },
        ),
        migrations.CreateModel(
            name='HeldCart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='money.business')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('name', models.CharField(max_length=40)),
                ('cart', models.JSONField()),
                ('total_cents', models.BigIntegerField()),
                ('held_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('held_at', models.DateTimeField()),
                ('taken_key', models.CharField(blank=True, max_length=64)),
                ('taken_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('taken_at', None)), fields=['business', 'id'], name='heldcart_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='heldcart_has_a_name'), models.CheckConstraint(condition=models.Q(('total_cents__gte', 0)), name='heldcart_total_is_not_negative'), models.CheckConstraint(condition=models.Q(models.Q(('taken_at', None), ('taken_by', None), ('taken_key', '')), models.Q(('taken_at__isnull', False), ('taken_by__isnull', False), models.Q(('taken_key', ''), _negated=True)), _connector='OR'), name='heldcart_is_taken_by_somebody')],
            },
        ),
        migrations.CreateModel(
            name='ReceiptPrint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sale', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prints', to='shops.sale')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('number', models.PositiveIntegerField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('sale', 'number'), name='receiptprint_number_once_per_sale'), models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='receiptprint_begins_at_one')],
            },
        ),
        migrations.CreateModel(
            name='OpeningStock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='openings', to='shops.stockitem')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.location')),
                ('quantity_milli', models.PositiveBigIntegerField()),
                ('value_cents', models.BigIntegerField()),
                ('counted_on', models.DateField()),
                ('key', models.CharField(max_length=64, unique=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('item', 'location'), name='openingstock_once_per_item_and_location'), models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0), ('value_cents__gte', 0)), name='openingstock_is_of_something')],
            },
        ),
        migrations.CreateModel(
            name='StockCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stock_counts', to='money.business')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='counts', to='shops.location')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('started_at', models.DateTimeField()),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('location',), name='stockcount_one_open_per_location'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False)), _connector='OR'), name='stockcount_who_closes_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='StockCountLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('count', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='shops.stockcount')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.stockitem')),
                ('counted_milli', models.BigIntegerField(blank=True, null=True)),
                ('seen_milli', models.BigIntegerField(blank=True, null=True)),
                ('counted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('counted_at', models.DateTimeField(blank=True, null=True)),
                ('difference_milli', models.BigIntegerField(blank=True, null=True)),
                ('value_cents', models.BigIntegerField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('count', 'item'), name='stockcountline_once_per_item'), models.CheckConstraint(condition=models.Q(models.Q(('counted_at', None), ('counted_by', None), ('counted_milli', None), ('seen_milli', None)), models.Q(('counted_at__isnull', False), ('counted_by__isnull', False), ('counted_milli__gte', 0), ('counted_milli__isnull', False), ('seen_milli__isnull', False)), _connector='OR'), name='stockcountline_is_counted_wholly'), models.CheckConstraint(condition=models.Q(('difference_milli', None), models.Q(('counted_milli__isnull', False), ('difference_milli', django.db.models.expressions.CombinedExpression(models.F('counted_milli'), '-', models.F('seen_milli'))), ('difference_milli__isnull', False)), _connector='OR'), name='stockcountline_difference_is_counted_less_seen'), models.CheckConstraint(condition=models.Q(models.Q(('difference_milli', None), ('value_cents', None)), models.Q(('difference_milli__isnull', False), ('value_cents__isnull', False), models.Q(models.Q(('difference_milli', 0), ('value_cents', 0)), models.Q(('difference_milli__gt', 0), ('value_cents__gte', 0)), models.Q(('difference_milli__lt', 0), ('value_cents__lte', 0)), _connector='OR')), _connector='OR'), name='stockcountline_value_follows_the_difference')],
            },
        ),
        migrations.CreateModel(
            name='Supplier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suppliers', to='money.business')),
                ('name', models.CharField(max_length=80)),
                ('kra_pin', models.CharField(blank=True, max_length=11, verbose_name='KRA PIN')),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('owed_cents', models.BigIntegerField(default=0)),
                ('returned_cents', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'name'), name='supplier_name_once_per_business'), models.CheckConstraint(condition=models.Q(('owed_cents__gte', django.db.models.expressions.CombinedExpression(models.F('returned_cents'), '*', models.Value(-1))), ('returned_cents__gte', 0)), name='supplier_is_not_paid_more_than_owed'), models.CheckConstraint(condition=models.Q(('kra_pin', ''), ('kra_pin__regex', '^[A-Z][0-9]{9}[A-Z]$'), _connector='OR'), name='supplier_pin_has_eleven_characters_or_none')],
            },
        ),
        migrations.CreateModel(
            name='Purchase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purchases', to='money.business')),
                ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purchases', to='shops.supplier')),
                ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.location')),
                ('number', models.CharField(blank=True, max_length=40, verbose_name="number of the supplier's invoice")),
                ('cu_invoice_number', models.CharField(blank=True, max_length=40, verbose_name='CU invoice number')),
                ('bought_on', models.DateField()),
                ('paid_from', models.CharField(blank=True, max_length=12)),
                ('total_cents', models.BigIntegerField()),
                ('vat_cents', models.BigIntegerField()),
                ('is_vat_registered', models.BooleanField()),
                ('key', models.CharField(max_length=64, unique=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('supplier', 'number'), name='purchase_number_once_per_supplier'), models.CheckConstraint(condition=models.Q(('total_cents__gt', 0)), name='purchase_total_is_positive'), models.CheckConstraint(condition=models.Q(('vat_cents__gte', 0), ('vat_cents__lt', models.F('total_cents'))), name='purchase_vat_within_total'), models.CheckConstraint(condition=models.Q(('paid_from__startswith', '1000'), _negated=True), name='purchase_is_not_paid_from_the_drawer')],
            },
        ),
        migrations.CreateModel(
            name='PurchaseLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purchase', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='shops.purchase')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.stockitem')),
                ('quantity_milli', models.PositiveBigIntegerField()),
                ('net_cents', models.BigIntegerField()),
                ('vat_cents', models.BigIntegerField()),
                ('tax_class', models.CharField(choices=[('A', 'A (exempt)'), ('B', 'B (16 %)'), ('C', 'C (zero-rated)'), ('D', 'D (non-VAT)'), ('E', 'E (8 %)')], max_length=1)),
                ('batch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.batch')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0)), name='purchaseline_quantity_is_positive'), models.CheckConstraint(condition=models.Q(('net_cents__gte', 0), ('vat_cents__gte', 0)), name='purchaseline_amounts_are_not_negative'), models.CheckConstraint(condition=models.Q(('tax_class__in', ['A', 'B', 'C', 'D', 'E'])), name='purchaseline_tax_class_is_known')],
            },
        ),
        migrations.CreateModel(
            name='SupplierPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='shops.supplier')),
                ('amount_cents', models.BigIntegerField()),
                ('paid_from', models.CharField(max_length=12)),
                ('paid_on', models.DateField()),
                ('note', models.CharField(blank=True, max_length=120)),
                ('cash_move', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='supplier_payment', to='shops.cashmove')),
                ('purchase', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cash_payment', to='shops.purchase')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents', 0), _negated=True), name='supplierpayment_is_of_something'), models.CheckConstraint(condition=models.Q(models.Q(('cash_move', None), ('purchase', None), models.Q(('paid_from__startswith', '1000'), _negated=True), models.Q(('paid_from', ''), _negated=True)), models.Q(('amount_cents__gt', 0), ('cash_move__isnull', False), ('paid_from__startswith', '1000')), _connector='OR'), name='supplierpayment_from_the_drawer_is_a_cash_move')],
            },
        ),
        migrations.CreateModel(
            name='SupplierReturn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purchase', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='shops.purchase')),
                ('number', models.CharField(blank=True, max_length=40, verbose_name="number of the supplier's credit note")),
                ('returned_on', models.DateField()),
                ('reason', models.CharField(max_length=200)),
                ('paid_to', models.CharField(blank=True, max_length=12)),
                ('total_cents', models.BigIntegerField()),
                ('vat_cents', models.BigIntegerField()),
                ('key', models.CharField(max_length=64, unique=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('total_cents__gte', 0), ('vat_cents__gte', 0), ('vat_cents__lte', models.F('total_cents'))), name='supplierreturn_vat_within_total'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='supplierreturn_says_why'), models.CheckConstraint(condition=models.Q(('paid_to__startswith', '1000'), _negated=True), name='supplierreturn_is_not_paid_into_the_drawer')],
            },
        ),
        migrations.CreateModel(
            name='SupplierReturnLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('supplier_return', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='shops.supplierreturn')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returned', to='shops.purchaseline')),
                ('quantity_milli', models.PositiveBigIntegerField()),
                ('net_cents', models.BigIntegerField()),
                ('vat_cents', models.BigIntegerField()),
                ('cost_cents', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('supplier_return', 'line'), name='supplierreturnline_once_per_line'), models.CheckConstraint(condition=models.Q(('cost_cents__gte', 0), ('net_cents__gte', 0), ('quantity_milli__gt', 0), ('vat_cents__gte', 0)), name='supplierreturnline_amounts_are_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Recipe',
            fields=[
                ('product', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='recipe', serialize=False, to='shops.product')),
                ('cost_account', models.CharField(max_length=12)),
                ('comes_back', models.BooleanField(default=False)),
                ('set_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('set_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('cost_account__startswith', '50')), name='recipe_cost_account_is_of_cost')],
            },
        ),
        migrations.CreateModel(
            name='RecipePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recipe', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='shops.recipe')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='in_recipes', to='shops.stockitem')),
                ('quantity_milli', models.PositiveBigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('recipe', 'item'), name='recipepart_once_per_recipe_and_item'), models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0), ('quantity_milli__lte', 10000000)), name='recipepart_quantity_is_positive')],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='money.business')),
                ('sale', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='shops.sale')),
                ('key', models.CharField(max_length=64)),
                ('number', models.PositiveBigIntegerField()),
                ('refunded_on', models.DateField()),
                ('total_cents', models.BigIntegerField()),
                ('vat_cents', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('is_restocked', models.BooleanField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'number'), name='refund_number_once_per_business'), models.UniqueConstraint(fields=('sale', 'key'), name='refund_key_once_per_sale'), models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('by')), _negated=True), _connector='OR'), name='refund_agreed_by_another'), models.CheckConstraint(condition=models.Q(('total_cents__gt', 0)), name='refund_total_is_positive'), models.CheckConstraint(condition=models.Q(('vat_cents__gte', 0), ('vat_cents__lt', models.F('total_cents'))), name='refund_vat_within_total'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='refund_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='RefundLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('refund', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='shops.refund')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='shops.saleline')),
                ('quantity_milli', models.PositiveBigIntegerField()),
                ('amount_cents', models.BigIntegerField()),
                ('vat_cents', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('refund', 'line'), name='refundline_once_per_refund'), models.CheckConstraint(condition=models.Q(('amount_cents__gte', 0), ('quantity_milli__gt', 0)), name='refundline_is_of_something'), models.CheckConstraint(condition=models.Q(('vat_cents__gte', 0), ('vat_cents__lte', models.F('amount_cents'))), name='refundline_vat_within_amount')],
            },
        ),
        migrations.CreateModel(
            name='RefundTender',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('refund', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tenders', to='shops.refund')),
                ('method', models.CharField(choices=[('cash', 'Cash'), ('mpesa', 'M-Pesa'), ('credit', 'On credit')], max_length=6)),
                ('amount_cents', models.BigIntegerField()),
                ('rounding_cents', models.BigIntegerField(default=0)),
                ('reversed_cents', models.BigIntegerField(default=0)),
                ('session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refund_tenders', to='shops.cashsession')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refund_tenders', to='shops.customer')),
                ('mpesa_receipt', models.CharField(blank=True, max_length=12)),
                ('sent_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('method__in', ['cash', 'mpesa', 'credit'])), name='refundtender_method_is_known'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='refundtender_amount_is_positive'), models.CheckConstraint(condition=models.Q(models.Q(('method', 'cash'), ('session__isnull', False)), models.Q(models.Q(('method', 'cash'), _negated=True), ('rounding_cents', 0), ('session', None)), _connector='OR'), name='refundtender_cash_comes_out_of_a_drawer'), models.CheckConstraint(condition=models.Q(models.Q(('customer__isnull', False), ('method', 'credit')), models.Q(models.Q(('method', 'credit'), _negated=True), ('customer', None)), _connector='OR'), name='refundtender_credit_has_a_customer'), models.CheckConstraint(condition=models.Q(('rounding_cents__gt', -100), ('rounding_cents__lt', 100)), name='refundtender_rounding_is_below_a_shilling'), models.CheckConstraint(condition=models.Q(('reversed_cents', 0), models.Q(('method', 'mpesa'), ('reversed_cents__gt', 0), ('reversed_cents__lte', models.F('amount_cents'))), _connector='OR'), name='refundtender_reversed_within_amount'), models.CheckConstraint(condition=models.Q(models.Q(('mpesa_receipt', ''), ('sent_at', None), ('sent_by', None)), models.Q(('method', 'mpesa'), ('sent_at__isnull', False), ('sent_by__isnull', False), models.Q(('mpesa_receipt', ''), _negated=True)), _connector='OR'), name='refundtender_sent_wholly'), models.UniqueConstraint(condition=models.Q(('mpesa_receipt', ''), _negated=True), fields=('mpesa_receipt',), name='refundtender_receipt_once')],
            },
        ),
        migrations.CreateModel(
            name='StockTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sent', to='shops.location')),
                ('to_location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='received', to='shops.location')),
                ('moved_on', models.DateField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('key', models.CharField(max_length=64, unique=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('from_location', models.F('to_location')), _negated=True), name='stocktransfer_is_between_two_places')],
            },
        ),
        migrations.CreateModel(
            name='StockTransferLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('transfer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='shops.stocktransfer')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.stockitem')),
                ('to_item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.stockitem')),
                ('quantity_milli', models.PositiveBigIntegerField()),
                ('value_cents', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('transfer', 'item'), name='stocktransferline_once_per_item'), models.CheckConstraint(condition=models.Q(('quantity_milli__gt', 0), ('value_cents__gte', 0)), name='stocktransferline_is_of_something')],
            },
        ),
    ]
