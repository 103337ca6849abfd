-- What may never change about a sale, a price, a code. The same rules as triggers.sqlite.sql.

CREATE OR REPLACE FUNCTION duka_sale_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    -- But that its money may be taken back, and come again.
    IF OLD.state <> 'open'
       AND ((OLD.state, NEW.state) NOT IN (('paid', 'owed'), ('owed', 'paid'))
            OR (OLD.number, OLD.ended_at) IS DISTINCT FROM (NEW.number, NEW.ended_at)) THEN
        RAISE EXCEPTION 'shops: a sale that has ended is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'open' AND NEW.state = 'owed' THEN
        RAISE EXCEPTION 'shops: only what was paid is owed again'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.id, OLD.business_id, OLD.key, OLD.sold_on, OLD.total_cents, OLD.vat_cents,
        OLD.discount_cents, OLD.discount_reason, OLD.discount_by_id,
        OLD.is_vat_registered, OLD.cashier_id, OLD.session_id, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.business_id, NEW.key, NEW.sold_on, NEW.total_cents, NEW.vat_cents,
        NEW.discount_cents, NEW.discount_reason, NEW.discount_by_id,
        NEW.is_vat_registered, NEW.cashier_id, NEW.session_id, NEW.created_at) THEN
        RAISE EXCEPTION 'shops: what was rung up is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_sale_update BEFORE UPDATE ON shops_sale FOR EACH ROW EXECUTE FUNCTION duka_sale_update();

CREATE OR REPLACE FUNCTION duka_sale_ended() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (SELECT 1 FROM shops_sale WHERE id = NEW.sale_id AND state <> 'open') THEN
        RAISE EXCEPTION 'shops: a sale that has ended is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_saleline_insert BEFORE INSERT ON shops_saleline FOR EACH ROW EXECUTE FUNCTION duka_sale_ended();

CREATE OR REPLACE FUNCTION duka_sale_settled() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (
        SELECT 1 FROM shops_sale WHERE id = NEW.sale_id AND state NOT IN ('open', 'owed')
    ) THEN
        RAISE EXCEPTION 'shops: a sale that has ended is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.method = 'cash' AND NOT EXISTS (
        SELECT 1 FROM shops_cashsession c JOIN shops_sale s ON s.business_id = c.business_id
        WHERE c.id = NEW.session_id AND s.id = NEW.sale_id AND c.closed_at IS NULL
    ) THEN
        RAISE EXCEPTION 'shops: cash goes into a drawer that is open, of the same business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_tender_insert BEFORE INSERT ON shops_tender FOR EACH ROW EXECUTE FUNCTION duka_sale_settled();

CREATE OR REPLACE FUNCTION duka_tender_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.taken_back_at IS NOT NULL OR NEW.taken_back_at IS NULL
       OR (OLD.id, OLD.sale_id, OLD.method, OLD.amount_cents, OLD.rounding_cents, OLD.given_cents,
           OLD.payment_id, OLD.session_id, OLD.customer_id, OLD.key, OLD.taken_at)
          IS DISTINCT FROM
          (NEW.id, NEW.sale_id, NEW.method, NEW.amount_cents, NEW.rounding_cents, NEW.given_cents,
           NEW.payment_id, NEW.session_id, NEW.customer_id, NEW.key, NEW.taken_at) THEN
        RAISE EXCEPTION 'shops: a tender is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE OR REPLACE FUNCTION duka_sold() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'shops: rows of % are frozen', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_sale_delete BEFORE DELETE ON shops_sale FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_sale_truncate BEFORE TRUNCATE ON shops_sale FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_saleline_update BEFORE UPDATE ON shops_saleline FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_saleline_delete BEFORE DELETE ON shops_saleline FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_saleline_truncate BEFORE TRUNCATE ON shops_saleline FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_tender_update BEFORE UPDATE ON shops_tender FOR EACH ROW EXECUTE FUNCTION duka_tender_update();

CREATE TRIGGER duka_tender_delete BEFORE DELETE ON shops_tender FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_tender_truncate BEFORE TRUNCATE ON shops_tender FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE OR REPLACE FUNCTION duka_product_business() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.business_id) IS DISTINCT FROM (NEW.id, NEW.business_id) THEN
        RAISE EXCEPTION 'shops: a product stays with its business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_product_business BEFORE UPDATE ON shops_product FOR EACH ROW EXECUTE FUNCTION duka_product_business();

CREATE OR REPLACE FUNCTION duka_price() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'shops: a price is followed by another, never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_price_update BEFORE UPDATE ON shops_price FOR EACH ROW EXECUTE FUNCTION duka_price();

CREATE TRIGGER duka_price_delete BEFORE DELETE ON shops_price FOR EACH ROW EXECUTE FUNCTION duka_price();

CREATE TRIGGER duka_price_truncate BEFORE TRUNCATE ON shops_price FOR EACH STATEMENT EXECUTE FUNCTION duka_price();

CREATE OR REPLACE FUNCTION duka_barcode_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM shops_product WHERE id = NEW.product_id AND business_id = NEW.business_id
    ) THEN
        RAISE EXCEPTION 'shops: a code is of the business of its product'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_barcode_insert BEFORE INSERT ON shops_barcode FOR EACH ROW EXECUTE FUNCTION duka_barcode_insert();

CREATE OR REPLACE FUNCTION duka_barcode_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'shops: a code is taken off and given anew, never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_barcode_update BEFORE UPDATE ON shops_barcode FOR EACH ROW EXECUTE FUNCTION duka_barcode_update();
