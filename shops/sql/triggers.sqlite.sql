-- What may never change about a sale. The same rules as triggers.postgresql.sql.

CREATE TRIGGER duka_sale_update BEFORE UPDATE ON shops_sale
BEGIN
    SELECT RAISE(ABORT, 'shops: a sale that has ended is frozen')
    WHERE OLD.state <> 'open';
    SELECT RAISE(ABORT, 'shops: what was rung up is frozen')
    WHERE (OLD.id, OLD.business_id, OLD."key", OLD.sold_on, OLD.total_cents, OLD.vat_cents, OLD.created_at)
          IS NOT (NEW.id, NEW.business_id, NEW."key", NEW.sold_on, NEW.total_cents, NEW.vat_cents, NEW.created_at);
END

CREATE TRIGGER duka_sale_delete BEFORE DELETE ON shops_sale
BEGIN
    SELECT RAISE(ABORT, 'shops: a sale is kept');
END

CREATE TRIGGER duka_saleline_update BEFORE UPDATE ON shops_saleline
BEGIN
    SELECT RAISE(ABORT, 'shops: what was rung up is frozen');
END

CREATE TRIGGER duka_saleline_delete BEFORE DELETE ON shops_saleline
BEGIN
    SELECT RAISE(ABORT, 'shops: what was rung up is frozen');
END

CREATE TRIGGER duka_tender_update BEFORE UPDATE ON shops_tender
BEGIN
    SELECT RAISE(ABORT, 'shops: a tender is frozen');
END

CREATE TRIGGER duka_tender_delete BEFORE DELETE ON shops_tender
BEGIN
    SELECT RAISE(ABORT, 'shops: a tender is frozen');
END
