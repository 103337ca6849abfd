-- What may never change on the rail. The same rules as triggers.sqlite.sql.

CREATE OR REPLACE FUNCTION duka_inbound_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.channel, OLD.till_id, OLD.token_digest, OLD.sha256, OLD.address, OLD.headers, OLD.received_at, OLD.spool_id)
       IS DISTINCT FROM
       (NEW.id, NEW.channel, NEW.till_id, NEW.token_digest, NEW.sha256, NEW.address, NEW.headers, NEW.received_at, NEW.spool_id)
       OR (NEW.body IS NOT NULL AND NEW.body IS DISTINCT FROM OLD.body) THEN
        RAISE EXCEPTION 'mpesa: what arrived is frozen; its body may only be erased'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'understood' AND NEW.state <> 'understood' THEN
        RAISE EXCEPTION 'mpesa: a message that was understood stays so'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_inbound_update BEFORE UPDATE ON mpesa_inboundmessage FOR EACH ROW EXECUTE FUNCTION duka_inbound_update();

CREATE OR REPLACE FUNCTION duka_request_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.till_id, OLD.key, OLD.reference, OLD.amount_cents, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.till_id, NEW.key, NEW.reference, NEW.amount_cents, NEW.created_at) THEN
        RAISE EXCEPTION 'mpesa: what was asked is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'paid' AND NEW.state <> 'paid' THEN
        RAISE EXCEPTION 'mpesa: a success is never downgraded'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_request_update BEFORE UPDATE ON mpesa_paymentrequest FOR EACH ROW EXECUTE FUNCTION duka_request_update();

CREATE OR REPLACE FUNCTION duka_payment_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.receipt, OLD.till_id, OLD.amount_cents, OLD.paid_at)
       IS DISTINCT FROM
       (NEW.id, NEW.receipt, NEW.till_id, NEW.amount_cents, NEW.paid_at)
       OR (OLD.request_id IS NOT NULL AND OLD.request_id IS DISTINCT FROM NEW.request_id) THEN
        RAISE EXCEPTION 'mpesa: the facts of a payment are frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_payment_update BEFORE UPDATE ON mpesa_payment FOR EACH ROW EXECUTE FUNCTION duka_payment_update();

CREATE OR REPLACE FUNCTION duka_kept() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'mpesa: rows of % are kept', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_inbound_delete BEFORE DELETE ON mpesa_inboundmessage FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_inbound_truncate BEFORE TRUNCATE ON mpesa_inboundmessage FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_request_delete BEFORE DELETE ON mpesa_paymentrequest FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_request_truncate BEFORE TRUNCATE ON mpesa_paymentrequest FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_payment_delete BEFORE DELETE ON mpesa_payment FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_payment_truncate BEFORE TRUNCATE ON mpesa_payment FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_erasure_update BEFORE UPDATE ON mpesa_erasure FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_erasure_delete BEFORE DELETE ON mpesa_erasure FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_erasure_truncate BEFORE TRUNCATE ON mpesa_erasure FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();
