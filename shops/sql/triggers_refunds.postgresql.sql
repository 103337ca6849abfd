-- What may never change about refunds and what customers pay. The same rules as
-- triggers_refunds.sqlite.sql.

CREATE OR REPLACE FUNCTION duka_refundline_room() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.quantity_milli + (
        SELECT COALESCE(SUM(quantity_milli), 0) FROM shops_refundline WHERE line_id = NEW.line_id
    ) > (SELECT quantity_milli FROM shops_saleline WHERE id = NEW.line_id) THEN
        RAISE EXCEPTION 'shops: more comes back than was sold'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM shops_refund r JOIN shops_saleline l ON l.sale_id = r.sale_id
        WHERE r.id = NEW.refund_id AND l.id = NEW.line_id
    ) THEN
        RAISE EXCEPTION 'shops: a refund is of lines of its own receipt'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_refundline_room BEFORE INSERT ON shops_refundline FOR EACH ROW EXECUTE FUNCTION duka_refundline_room();

CREATE OR REPLACE FUNCTION duka_refundtender_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.method = 'cash' AND NOT EXISTS (
        SELECT 1 FROM shops_cashsession c JOIN shops_refund r ON r.business_id = c.business_id
        WHERE c.id = NEW.session_id AND r.id = NEW.refund_id AND c.closed_at IS NULL
    ) THEN
        RAISE EXCEPTION 'shops: cash comes out of a drawer that is open, of the same business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.customer_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM shops_customer c JOIN shops_refund r ON r.business_id = c.business_id
        WHERE c.id = NEW.customer_id AND r.id = NEW.refund_id
    ) THEN
        RAISE EXCEPTION 'shops: a customer buys in one business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_refundtender_insert BEFORE INSERT ON shops_refundtender FOR EACH ROW EXECUTE FUNCTION duka_refundtender_insert();

CREATE OR REPLACE FUNCTION duka_refundtender_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.refund_id, OLD.method, OLD.amount_cents, OLD.rounding_cents,
        OLD.session_id, OLD.customer_id)
       IS DISTINCT FROM
       (NEW.id, NEW.refund_id, NEW.method, NEW.amount_cents, NEW.rounding_cents,
        NEW.session_id, NEW.customer_id)
       OR NEW.reversed_cents < OLD.reversed_cents
       OR (OLD.mpesa_receipt <> '' AND (OLD.mpesa_receipt, OLD.sent_by_id, OLD.sent_at)
           IS DISTINCT FROM (NEW.mpesa_receipt, NEW.sent_by_id, NEW.sent_at)) THEN
        RAISE EXCEPTION 'shops: what went back is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_refundtender_update BEFORE UPDATE ON shops_refundtender FOR EACH ROW EXECUTE FUNCTION duka_refundtender_update();

CREATE OR REPLACE FUNCTION duka_customerpayment_open() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM shops_cashsession s JOIN shops_customer c ON c.business_id = s.business_id
        WHERE s.id = NEW.session_id AND c.id = NEW.customer_id AND s.closed_at IS NULL
    ) THEN
        RAISE EXCEPTION 'shops: cash goes into a drawer that is open, of the same business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_customerpayment_open BEFORE INSERT ON shops_customerpayment FOR EACH ROW EXECUTE FUNCTION duka_customerpayment_open();

CREATE OR REPLACE FUNCTION duka_refund_frozen() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'shops: what went back is frozen: %', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_refund_update BEFORE UPDATE ON shops_refund FOR EACH ROW EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_refund_delete BEFORE DELETE ON shops_refund FOR EACH ROW EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_refund_truncate BEFORE TRUNCATE ON shops_refund FOR EACH STATEMENT EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_refundline_update BEFORE UPDATE ON shops_refundline FOR EACH ROW EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_refundline_delete BEFORE DELETE ON shops_refundline FOR EACH ROW EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_refundline_truncate BEFORE TRUNCATE ON shops_refundline FOR EACH STATEMENT EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_customerpayment_update BEFORE UPDATE ON shops_customerpayment FOR EACH ROW EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_customerpayment_delete BEFORE DELETE ON shops_customerpayment FOR EACH ROW EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_customerpayment_truncate BEFORE TRUNCATE ON shops_customerpayment FOR EACH STATEMENT EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_refundtender_delete BEFORE DELETE ON shops_refundtender FOR EACH ROW EXECUTE FUNCTION duka_refund_frozen();

CREATE TRIGGER duka_refundtender_truncate BEFORE TRUNCATE ON shops_refundtender FOR EACH STATEMENT EXECUTE FUNCTION duka_refund_frozen();

CREATE OR REPLACE FUNCTION duka_refund_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM shops_sale
        WHERE id = NEW.sale_id AND business_id = NEW.business_id AND number IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'shops: what comes back has a receipt of the same business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_refund_insert BEFORE INSERT ON shops_refund FOR EACH ROW EXECUTE FUNCTION duka_refund_insert();

CREATE OR REPLACE FUNCTION duka_tender_customer() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.customer_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM shops_customer c JOIN shops_sale s ON s.business_id = c.business_id
        WHERE c.id = NEW.customer_id AND s.id = NEW.sale_id
    ) THEN
        RAISE EXCEPTION 'shops: a customer buys in one business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_tender_customer BEFORE INSERT ON shops_tender FOR EACH ROW EXECUTE FUNCTION duka_tender_customer();

CREATE OR REPLACE FUNCTION duka_tender_back() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.back_session_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM shops_cashsession c JOIN shops_sale s ON s.business_id = c.business_id
        WHERE c.id = NEW.back_session_id AND s.id = NEW.sale_id AND c.closed_at IS NULL
    ) THEN
        RAISE EXCEPTION 'shops: cash comes out of a drawer that is open, of the same business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_tender_back BEFORE UPDATE ON shops_tender FOR EACH ROW EXECUTE FUNCTION duka_tender_back();

CREATE OR REPLACE FUNCTION duka_customer_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.business_id) IS DISTINCT FROM (NEW.id, NEW.business_id) THEN
        RAISE EXCEPTION 'shops: a customer stays with its business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.erased_at IS NOT NULL THEN
        RAISE EXCEPTION 'shops: who was erased stays erased'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_customer_update BEFORE UPDATE ON shops_customer FOR EACH ROW EXECUTE FUNCTION duka_customer_update();
