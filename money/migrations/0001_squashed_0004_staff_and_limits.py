"""All migrations so far in one, for a new database; the ones before it bring an older one along."""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('money', '0001_first'), ('money', '0002_books_an_auditor_can_trust'), ('money', '0003_pins_and_devices'), ('money', '0004_staff_and_limits')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('must_change_password', models.BooleanField(default=False)),
                ('sessions_ended', models.PositiveIntegerField(default=0)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='TaxPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('kra_pin', models.CharField(max_length=11, unique=True, verbose_name='KRA PIN')),
                ('vat_registered_from', models.DateField(blank=True, help_text='Empty: not registered, no VAT anywhere.', null=True, verbose_name='VAT-registered from')),
                ('excise_licensed_from', models.DateField(blank=True, help_text='Empty: no excise duty is booked on water.', null=True, verbose_name='pays excise on water from')),
                ('year_ends_month', models.PositiveSmallIntegerField(default=12, help_text='1 to 12; 12 is December.', verbose_name='financial year ends with month')),
                ('keep_years', models.PositiveSmallIntegerField(default=7, help_text='From the end of the financial year: tax law asks for 5, company law for 7.', verbose_name='keep the books for years')),
                ('held_from', models.DateField(blank=True, help_text='A dispute or an audit: nothing is given up while this is set.', null=True, verbose_name='on hold from')),
                ('hold_reason', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'verbose_name': 'tax person',
                'verbose_name_plural': 'tax persons',
                'constraints': [models.CheckConstraint(condition=models.Q(('kra_pin__regex', '^[A-Z][0-9]{9}[A-Z]$')), name='taxperson_pin_has_eleven_characters', violation_error_message='A KRA PIN is a letter, nine digits and a letter.'), models.CheckConstraint(condition=models.Q(('year_ends_month__gte', 1), ('year_ends_month__lte', 12)), name='taxperson_year_ends_with_a_month', violation_error_message='A month is 1 to 12.'), models.CheckConstraint(condition=models.Q(('keep_years__gte', 5)), name='taxperson_keeps_five_years_or_more', violation_error_message='Tax law asks for at least 5 years.'), models.CheckConstraint(condition=models.Q(('held_from', None), models.Q(('hold_reason', ''), _negated=True), _connector='OR'), name='taxperson_hold_has_a_reason', violation_error_message='Say why the books are on hold.')],
            },
        ),
        migrations.CreateModel(
            name='Business',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tax_person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='businesses', to='money.taxperson')),
                ('slug', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('trade', models.CharField(choices=[('water', 'Water'), ('laundry', 'Laundry'), ('retail', 'Retail and LPG')], max_length=10)),
                ('address', models.CharField(blank=True, max_length=200)),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('approval_above_cents', models.BigIntegerField(default=1000000, help_text="A manual journal above this needs a second person's approval.", verbose_name='second person above KES')),
            ],
            options={
                'verbose_name_plural': 'businesses',
                'constraints': [models.CheckConstraint(condition=models.Q(('approval_above_cents__gte', 0)), name='business_approval_limit_is_not_negative', violation_error_message='The limit is 0 or more.'), models.CheckConstraint(condition=models.Q(('trade__in', ['water', 'laundry', 'retail'])), name='business_trade_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='money.business')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('manager', 'Manager'), ('cashier', 'Cashier'), ('laundry_attendant', 'Laundry attendant'), ('rider', 'Rider'), ('accountant', 'Accountant'), ('auditor', 'Auditor')], max_length=20)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'business', 'role'), name='membership_once_per_role'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'manager', 'cashier', 'laundry_attendant', 'rider', 'accountant', 'auditor'])), name='membership_role_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Pin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='pin', to=settings.AUTH_USER_MODEL)),
                ('hash', models.CharField(blank=True, max_length=128)),
                ('wrong_tries', models.PositiveSmallIntegerField(default=0)),
                ('locked_until', models.DateTimeField(blank=True, null=True)),
                ('changed_at', models.DateTimeField()),
                ('cleared_at', models.DateTimeField(blank=True, null=True)),
                ('cleared_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pins_cleared', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'PIN',
                'verbose_name_plural': 'PINs',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('locked_until', None), ('wrong_tries__lt', 5)), models.Q(('locked_until__isnull', False), ('wrong_tries', 5)), _connector='OR'), name='pin_is_locked_by_the_fifth_try'), models.CheckConstraint(condition=models.Q(models.Q(('cleared_at', None), ('cleared_by', None)), models.Q(('cleared_at__isnull', False), ('cleared_by__isnull', False)), _connector='OR'), name='pin_cleared_has_who_and_when'), models.CheckConstraint(condition=models.Q(models.Q(('hash', ''), _negated=True), ('cleared_at__isnull', False), _connector='OR'), name='pin_without_hash_was_cleared')],
            },
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to='money.business')),
                ('name', models.CharField(max_length=60)),
                ('token_digest', models.CharField(max_length=64)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='devices_made', to=settings.AUTH_USER_MODEL)),
                ('made_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='devices_revoked', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('token_digest',), name='device_token_once'), models.CheckConstraint(condition=models.Q(('token_digest__regex', '^[0-9a-f]{64}$')), name='device_token_is_a_digest'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='device_has_a_name'), models.CheckConstraint(condition=models.Q(models.Q(('revoked_at', None), ('revoked_by', None)), models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False)), _connector='OR'), name='device_revoked_has_who_and_when')],
            },
        ),
        migrations.CreateModel(
            name='WrongTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='wrong_tries', to='money.device')),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'wrong tries',
            },
        ),
        migrations.CreateModel(
            name='TaxRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tax_class', models.CharField(choices=[('A', 'A (exempt)'), ('B', 'B (16 %)'), ('C', 'C (zero-rated)'), ('D', 'D (non-VAT)'), ('E', 'E (8 %)')], max_length=1)),
                ('from_on', models.DateField()),
                ('rate_bp', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tax_class', 'from_on'), name='taxrate_one_per_class_and_day'), models.CheckConstraint(condition=models.Q(('tax_class__in', ['A', 'B', 'C', 'D', 'E'])), name='taxrate_class_is_known'), models.CheckConstraint(condition=models.Q(('rate_bp__lte', 10000)), name='taxrate_at_most_whole')],
            },
        ),
        migrations.CreateModel(
            name='ExciseRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_on', models.DateField(unique=True)),
                ('cents_per_1000_litres', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('cents_per_1000_litres__gt', 0)), name='exciserate_is_positive')],
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='money.business')),
                ('code', models.CharField(max_length=12)),
                ('name', models.CharField(max_length=120)),
                ('kind', models.CharField(choices=[('asset', 'Asset'), ('liability', 'Liability'), ('equity', 'Equity'), ('income', 'Income'), ('expense', 'Expense')], max_length=10)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('business', 'code'), name='account_code_once_per_business'), models.CheckConstraint(condition=models.Q(models.Q(('code__startswith', '1'), ('kind', 'asset')), models.Q(('code__startswith', '2'), ('kind', 'liability')), models.Q(('code__startswith', '3'), ('kind', 'equity')), models.Q(('code__startswith', '4'), ('kind', 'income')), models.Q(('code__startswith', '5'), ('kind', 'expense')), models.Q(('code__startswith', '6'), ('kind', 'expense')), _connector='OR'), name='account_kind_follows_from_code', violation_error_message='The first digit of the code does not fit the kind.')],
            },
        ),
        migrations.CreateModel(
            name='Book',
            fields=[
                ('business', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='book', serialize=False, to='money.business')),
                ('last_number', models.PositiveBigIntegerField(default=0)),
                ('head_hash', models.CharField(default='0000000000000000000000000000000000000000000000000000000000000000', max_length=64)),
                ('closed_through', models.DateField(blank=True, null=True)),
                ('locked_through', models.DateField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('locked_through', None), ('closed_through__gte', models.F('locked_through')), _connector='OR'), name='book_locked_days_are_closed')],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('business', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='money.business')),
                ('number', models.PositiveBigIntegerField()),
                ('key', models.CharField(max_length=100)),
                ('occurred_on', models.DateField()),
                ('posted_at', models.DateTimeField()),
                ('description', models.CharField(max_length=200)),
                ('source', models.CharField(blank=True, max_length=60)),
                ('kind', models.CharField(choices=[('fact', 'Fact'), ('adjustment', 'Adjustment'), ('opening', 'Opening balances'), ('closing', 'Year closed into retained earnings')], db_default='fact', default='fact', max_length=10)),
                ('late_for', models.DateField(blank=True, null=True)),
                ('actor', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reverses', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='money.entry')),
                ('previous_hash', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'journal entry',
                'verbose_name_plural': 'journal entries',
                'indexes': [models.Index(fields=['business', 'occurred_on'], name='entry_by_day'), models.Index(condition=models.Q(('kind', 'closing')), fields=['business', 'occurred_on'], name='entry_closing')],
                'constraints': [models.UniqueConstraint(fields=('business', 'number'), name='entry_number_once_per_book'), models.UniqueConstraint(fields=('key',), name='entry_key_once'), models.CheckConstraint(condition=models.Q(('id', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('business_id'), '*', models.Value(10000000000)), '+', models.F('number')))), name='entry_id_is_book_and_number'), models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='entry_number_is_positive'), models.CheckConstraint(condition=models.Q(('reverses', None), models.Q(('reverses_id__gt', django.db.models.expressions.CombinedExpression(models.F('business_id'), '*', models.Value(10000000000))), ('reverses_id__lt', models.F('id'))), _connector='OR'), name='entry_reverses_an_earlier_one_of_its_book'), models.CheckConstraint(condition=models.Q(('kind__in', ['fact', 'adjustment', 'opening', 'closing'])), name='entry_kind_is_known'), models.CheckConstraint(condition=models.Q(('late_for', None), ('late_for__lt', models.F('occurred_on')), _connector='OR'), name='entry_late_for_an_earlier_day'), models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='entry_key_is_given'), models.CheckConstraint(condition=models.Q(('description', ''), _negated=True), name='entry_description_is_given')],
            },
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='money.entry')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='money.account')),
                ('occurred_on', models.DateField()),
                ('amount_cents', models.BigIntegerField()),
                ('tax_class', models.CharField(blank=True, choices=[('A', 'A (exempt)'), ('B', 'B (16 %)'), ('C', 'C (zero-rated)'), ('D', 'D (non-VAT)'), ('E', 'E (8 %)')], db_default='', default='', max_length=1)),
            ],
            options={
                'indexes': [models.Index(fields=['account', 'occurred_on', 'entry', 'amount_cents', 'tax_class'], name='line_by_account_day_entry')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents', 0), _negated=True), name='line_is_not_zero'), models.CheckConstraint(condition=models.Q(('tax_class__in', ['', 'A', 'B', 'C', 'D', 'E'])), name='line_tax_class_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Movement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='money.account')),
                ('month_on', models.DateField(help_text='The first day of the month.')),
                ('tax_class', models.CharField(blank=True, db_default='', default='', max_length=1)),
                ('debit_cents', models.BigIntegerField()),
                ('credit_cents', models.BigIntegerField(help_text='Positive: the sum of the credits.')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'month_on', 'tax_class'), name='movement_once_per_account_month_and_tax'), models.CheckConstraint(condition=models.Q(('credit_cents__gte', 0), ('debit_cents__gte', 0)), name='movement_is_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='money.business')),
                ('name', models.CharField(max_length=120)),
                ('content_type', models.CharField(max_length=60)),
                ('sha256', models.CharField(max_length=64)),
                ('content', models.BinaryField()),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('added_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='attachment_name_is_given')],
            },
        ),
        migrations.CreateModel(
            name='Journal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='journals', to='money.business')),
                ('kind', models.CharField(choices=[('fact', 'Fact'), ('adjustment', 'Adjustment'), ('opening', 'Opening balances'), ('closing', 'Year closed into retained earnings')], default='adjustment', max_length=10)),
                ('occurred_on', models.DateField()),
                ('description', models.CharField(max_length=200)),
                ('corrects', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='money.entry')),
                ('attachment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='money.attachment')),
                ('state', models.CharField(choices=[('proposed', 'Waits for a second person'), ('posted', 'Posted'), ('rejected', 'Rejected')], default='proposed', max_length=8)),
                ('needs_second_person', models.BooleanField()),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_at', models.DateTimeField()),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision_note', models.CharField(blank=True, max_length=200)),
                ('entry', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='journal', to='money.entry')),
            ],
            options={
                'verbose_name': 'manual journal',
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['adjustment', 'opening'])), name='journal_kind_is_written_by_hand'), models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'posted', 'rejected'])), name='journal_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('entry__isnull', False), ('state', 'posted')), models.Q(models.Q(('state', 'posted'), _negated=True), ('entry', None)), _connector='OR'), name='journal_has_an_entry_exactly_when_posted'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('state', 'proposed')), models.Q(models.Q(('state', 'proposed'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='journal_decided_exactly_when_not_proposed'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'posted'), _negated=True), ('needs_second_person', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='journal_posted_by_a_second_person_where_needed'), models.CheckConstraint(condition=models.Q(('description', ''), _negated=True), name='journal_description_is_given')],
            },
        ),
        migrations.CreateModel(
            name='JournalLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('journal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='money.journal')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='money.account')),
                ('amount_cents', models.BigIntegerField()),
                ('tax_class', models.CharField(blank=True, choices=[('A', 'A (exempt)'), ('B', 'B (16 %)'), ('C', 'C (zero-rated)'), ('D', 'D (non-VAT)'), ('E', 'E (8 %)')], default='', max_length=1)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_cents', 0), _negated=True), name='journalline_is_not_zero'), models.CheckConstraint(condition=models.Q(('tax_class__in', ['', 'A', 'B', 'C', 'D', 'E'])), name='journalline_tax_class_is_known')],
            },
        ),
        migrations.CreateModel(
            name='PeriodEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='period_events', to='money.business')),
                ('number', models.PositiveBigIntegerField()),
                ('change', models.CharField(choices=[('day_closed', 'Day closed'), ('month_locked', 'Month locked'), ('year_closed', 'Year closed'), ('unlocked', 'Unlocked')], max_length=12)),
                ('through_on', models.DateField()),
                ('at', models.DateTimeField()),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('entries', models.PositiveBigIntegerField(help_text='The last number in the book at that time.')),
                ('entries_hash', models.CharField(max_length=64)),
                ('previous_hash', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'closed period',
                'constraints': [models.UniqueConstraint(fields=('business', 'number'), name='periodevent_number_once_per_book'), models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='periodevent_number_is_positive'), models.CheckConstraint(condition=models.Q(('change__in', ['day_closed', 'month_locked', 'year_closed', 'unlocked'])), name='periodevent_change_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('change', 'unlocked'), _negated=True), models.Q(('actor__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='periodevent_unlocked_by_someone_with_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='RoleLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='role_limits', to='money.business')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('manager', 'Manager'), ('cashier', 'Cashier'), ('laundry_attendant', 'Laundry attendant'), ('rider', 'Rider'), ('accountant', 'Accountant'), ('auditor', 'Auditor')], max_length=20)),
                ('limit', models.CharField(choices=[('discount', 'Discount on a sale'), ('refund', 'Refund of a receipt'), ('price_override', 'Sell below the price'), ('cash_difference', 'Cash difference at a count'), ('pay_out', 'Pay out of the drawer')], max_length=20)),
                ('most_cents', models.BigIntegerField(blank=True, null=True)),
                ('most_bp', models.PositiveIntegerField(blank=True, null=True, verbose_name='basis points')),
                ('set_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('set_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'limit of a role',
                'verbose_name_plural': 'limits of roles',
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['manager', 'cashier', 'laundry_attendant', 'rider', 'accountant', 'auditor'])), name='rolelimit_role_is_known_and_no_owner'), models.CheckConstraint(condition=models.Q(('limit__in', ['discount', 'refund', 'price_override', 'cash_difference', 'pay_out'])), name='rolelimit_limit_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('limit__in', ['discount', 'price_override']), ('most_cents', None)), models.Q(models.Q(('limit__in', ['discount', 'price_override']), _negated=True), ('most_bp', None)), _connector='OR'), name='rolelimit_is_in_its_own_unit'), models.CheckConstraint(condition=models.Q(('most_cents', None), ('most_cents__gte', 0), _connector='OR'), name='rolelimit_is_not_negative'), models.CheckConstraint(condition=models.Q(('most_bp', None), ('most_bp__lte', 10000), _connector='OR'), name='rolelimit_at_most_the_whole_price')],
            },
        ),
        migrations.CreateModel(
            name='StaffEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='staff_events', to='money.business')),
                ('change', models.CharField(choices=[('hired', 'Hired'), ('roles', 'Roles changed'), ('details', 'Name or phone changed'), ('left', 'Left'), ('came_back', 'Came back'), ('password_reset', 'New first password'), ('password_changed', 'Changed the own password'), ('pin_cleared', 'PIN cleared'), ('limit', 'Limit of a role changed')], max_length=20)),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='staff_events', to=settings.AUTH_USER_MODEL)),
                ('detail', models.CharField(blank=True, max_length=300)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'change of staff',
                'verbose_name_plural': 'changes of staff',
                'constraints': [models.CheckConstraint(condition=models.Q(('change__in', ['hired', 'roles', 'details', 'left', 'came_back', 'password_reset', 'password_changed', 'pin_cleared', 'limit'])), name='staffevent_change_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('change', 'limit'), ('person', None)), models.Q(models.Q(('change', 'limit'), _negated=True), ('person__isnull', False)), _connector='OR'), name='staffevent_is_of_a_person_or_of_a_limit'), models.CheckConstraint(condition=models.Q(models.Q(('change', 'limit'), _negated=True), models.Q(('detail', ''), _negated=True), _connector='OR'), name='staffevent_of_a_limit_says_which')],
            },
        ),
        migrations.CreateModel(
            name='SignInTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bucket_digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name': 'try to sign in',
                'verbose_name_plural': 'tries to sign in',
                'indexes': [models.Index(fields=['bucket_digest'], name='signintry_by_bucket')],
                'constraints': [models.CheckConstraint(condition=models.Q(('bucket_digest__regex', '^[0-9a-f]{64}$')), name='signintry_bucket_is_a_digest')],
            },
        ),
    ]
