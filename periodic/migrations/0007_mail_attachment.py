from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('periodic', '0006_alerts'),
    ]

    operations = [
        migrations.AddField(
            model_name='mail',
            name='attachment',
            field=models.CharField(blank=True, help_text='Below VAR/results.', max_length=200),
        ),
    ]
