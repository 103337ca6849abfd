-- What may never change about a sale. The same rules as triggers.sqlite.sql.

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
        OLD.is_vat_registered, OLD.cashier_id, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.business_id, NEW.key, NEW.sold_on, NEW.total_cents, NEW.vat_cents,
        NEW.is_vat_registered, NEW.cashier_id, NEW.created_at) THEN
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
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_tender_insert BEFORE INSERT ON shops_tender FOR EACH ROW EXECUTE FUNCTION duka_sale_settled();

CREATE OR REPLACE FUNCTION duka_tender_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.taken_back_at IS NOT NULL OR NEW.taken_back_at IS NULL
       OR (OLD.id, OLD.sale_id, OLD.method, OLD.amount_cents, OLD.rounding_cents, OLD.given_cents,
           OLD.payment_id, OLD.taken_at)
          IS DISTINCT FROM
          (NEW.id, NEW.sale_id, NEW.method, NEW.amount_cents, NEW.rounding_cents, NEW.given_cents,
           NEW.payment_id, NEW.taken_at) THEN
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
