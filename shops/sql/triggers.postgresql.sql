-- What may never change about a sale. The same rules as triggers.sqlite.sql.

CREATE OR REPLACE FUNCTION duka_sale_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.state <> 'open' THEN
        RAISE EXCEPTION 'shops: a sale that has ended is frozen'
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

CREATE TRIGGER duka_tender_insert BEFORE INSERT ON shops_tender FOR EACH ROW EXECUTE FUNCTION duka_sale_ended();

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

CREATE TRIGGER duka_tender_update BEFORE UPDATE ON shops_tender FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_tender_delete BEFORE DELETE ON shops_tender FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_tender_truncate BEFORE TRUNCATE ON shops_tender FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();
