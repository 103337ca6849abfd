from datetime import date

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

# Before anything was sold: a price without a day held on every day.
SINCE = date(2000, 1, 1)


def carry_prices_over(apps, schema_editor):
    now = timezone.now()
    Price = apps.get_model("shops", "Price")
    products = apps.get_model("shops", "Product").objects.order_by("pk")
    Price.objects.bulk_create(
        (
            Price(product_id=pk, price_cents=cents, from_day=SINCE, set_at=now)
            for pk, cents in products.values_list("pk", "price_cents")
        ),
        batch_size=500,
    )
    if schema_editor.connection.vendor == "postgresql":
        # Its foreign keys are checked now: tables with checks to come cannot be altered.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):

    dependencies = [
        ('money', '0003_pins_and_devices'),
        ('shops', '0004_cash_sessions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Price',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('price_cents', models.BigIntegerField()),
                ('from_day', models.DateField()),
                ('set_at', models.DateTimeField()),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prices', to='shops.product')),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('price_cents__gt', 0)), name='price_is_positive')],
                'indexes': [models.Index(fields=['product', 'from_day', 'id'], name='price_by_day')],
            },
        ),
        migrations.CreateModel(
            name='Barcode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=48)),
                ('business', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='money.business')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='barcodes', to='shops.product')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('business', 'code'), name='barcode_once_per_business'),
                    models.CheckConstraint(condition=models.Q(('code', ''), _negated=True), name='barcode_is_not_empty'),
                ],
            },
        ),
        migrations.RunPython(carry_prices_over, elidable=False),
        migrations.RemoveConstraint(
            model_name='product',
            name='product_price_is_positive',
        ),
        migrations.RemoveField(
            model_name='product',
            name='price_cents',
        ),
    ]
