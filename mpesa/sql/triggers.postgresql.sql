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
    IF NEW.receipt <> OLD.receipt AND (OLD.receipt <> '' OR OLD.state = 'understood') THEN
        RAISE EXCEPTION 'mpesa: what a message is about stays so'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_inbound_update BEFORE UPDATE ON mpesa_inboundmessage FOR EACH ROW EXECUTE FUNCTION duka_inbound_update();

CREATE OR REPLACE FUNCTION duka_request_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.till_id, OLD.key, OLD.reference, OLD.account_reference, OLD.amount_cents, OLD.created_by_id, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.till_id, NEW.key, NEW.reference, NEW.account_reference, NEW.amount_cents, NEW.created_by_id, NEW.created_at) THEN
        RAISE EXCEPTION 'mpesa: what was asked is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- What only a guess called paid may turn out to be unknown.
    IF OLD.state = 'paid' AND NEW.state <> 'paid'
       AND NOT (NEW.state = 'unknown' AND OLD.result_code <> '0') THEN
        RAISE EXCEPTION 'mpesa: a success is never downgraded'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_request_update BEFORE UPDATE ON mpesa_paymentrequest FOR EACH ROW EXECUTE FUNCTION duka_request_update();

CREATE OR REPLACE FUNCTION duka_payment_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.receipt, OLD.till_id, OLD.amount_cents, OLD.paid_at, OLD.recorded_at)
       IS DISTINCT FROM
       (NEW.id, NEW.receipt, NEW.till_id, NEW.amount_cents, NEW.paid_at, NEW.recorded_at)
       -- A guess gives way, to none or to what a callback proves.
       OR (OLD.request_id IS NOT NULL AND OLD.request_id IS DISTINCT FROM NEW.request_id
           AND NOT (OLD.request_is_guess AND NOT NEW.request_is_guess))
       OR (NEW.request_is_guess AND NOT OLD.request_is_guess AND OLD.request_id IS NOT NULL)
       OR (OLD.message_id IS NOT NULL AND OLD.message_id IS DISTINCT FROM NEW.message_id) THEN
        RAISE EXCEPTION 'mpesa: the facts of a payment are frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.corrected_cents <> OLD.corrected_cents
       AND NEW.corrected_cents <> (SELECT coalesce(sum(amount_cents - before_cents), 0)
                                   FROM mpesa_correction WHERE payment_id = OLD.id) THEN
        RAISE EXCEPTION 'mpesa: only a correction changes what was paid'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- But what was taken back as forged, and came after all.
    IF NEW.reversed_cents < OLD.reversed_cents
       AND NEW.reversed_cents <> (SELECT coalesce(sum(amount_cents), 0) FROM mpesa_reversal
                                  WHERE payment_id = OLD.id AND state = 'done') THEN
        RAISE EXCEPTION 'mpesa: what was reversed stays so'
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

CREATE TRIGGER duka_sighting_update BEFORE UPDATE ON mpesa_sighting FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_sighting_delete BEFORE DELETE ON mpesa_sighting FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_sighting_truncate BEFORE TRUNCATE ON mpesa_sighting FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_release_update BEFORE UPDATE ON mpesa_release FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_release_delete BEFORE DELETE ON mpesa_release FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_release_truncate BEFORE TRUNCATE ON mpesa_release FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE OR REPLACE FUNCTION duka_allocation_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.payment_id, OLD.key, OLD.purpose, OLD.reference, OLD.account_code, OLD.amount_cents, OLD.note, OLD.is_guess, OLD.by_id, OLD.at)
       IS DISTINCT FROM
       (NEW.id, NEW.payment_id, NEW.key, NEW.purpose, NEW.reference, NEW.account_code, NEW.amount_cents, NEW.note, NEW.is_guess, NEW.by_id, NEW.at) THEN
        RAISE EXCEPTION 'mpesa: a match is undone, never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.undone_at IS NOT NULL AND (OLD.undone_at, OLD.undone_by_id, OLD.undone_reason) IS DISTINCT FROM (NEW.undone_at, NEW.undone_by_id, NEW.undone_reason) THEN
        RAISE EXCEPTION 'mpesa: what was undone stays so'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_allocation_update BEFORE UPDATE ON mpesa_allocation FOR EACH ROW EXECUTE FUNCTION duka_allocation_update();

CREATE TRIGGER duka_allocation_delete BEFORE DELETE ON mpesa_allocation FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_allocation_truncate BEFORE TRUNCATE ON mpesa_allocation FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE OR REPLACE FUNCTION duka_order_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.till_id, OLD.kind, OLD.key, OLD.receipt, OLD.amount_cents, OLD.by_id, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.till_id, NEW.kind, NEW.key, NEW.receipt, NEW.amount_cents, NEW.by_id, NEW.created_at) THEN
        RAISE EXCEPTION 'mpesa: what was ordered is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- A text may be erased: Safaricom may name a person in it.
    IF OLD.state = 'done'
       AND ((OLD.state, OLD.result_code, OLD.token_digest, OLD.originator_id, OLD.conversation_id, OLD.ended_at)
            IS DISTINCT FROM
            (NEW.state, NEW.result_code, NEW.token_digest, NEW.originator_id, NEW.conversation_id, NEW.ended_at)
            OR NEW.result_text NOT IN (OLD.result_text, '')) THEN
        RAISE EXCEPTION 'mpesa: a result stays'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_order_update BEFORE UPDATE ON mpesa_initiatororder FOR EACH ROW EXECUTE FUNCTION duka_order_update();

CREATE TRIGGER duka_order_delete BEFORE DELETE ON mpesa_initiatororder FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_order_truncate BEFORE TRUNCATE ON mpesa_initiatororder FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE OR REPLACE FUNCTION duka_reversal_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.payment_id, OLD.origin, OLD.amount_cents, OLD.reason, OLD.proposed_by_id, OLD.proposed_at)
       IS DISTINCT FROM
       (NEW.id, NEW.payment_id, NEW.origin, NEW.amount_cents, NEW.reason, NEW.proposed_by_id, NEW.proposed_at) THEN
        RAISE EXCEPTION 'mpesa: what was to be reversed is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- Its receipt may become known later, from the statement.
    IF OLD.state = 'done'
       AND ((OLD.order_id, OLD.approved_by_id, OLD.approved_at, OLD.ended_at)
            IS DISTINCT FROM
            (NEW.order_id, NEW.approved_by_id, NEW.approved_at, NEW.ended_at)
            OR NEW.state <> 'done' AND NOT (OLD.origin = 'forged' AND NEW.state = 'undone')
            OR NEW.receipt <> OLD.receipt AND OLD.receipt <> '') THEN
        RAISE EXCEPTION 'mpesa: a reversal that was done stays so'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'undone'
       AND (OLD.state, OLD.receipt, OLD.order_id, OLD.approved_by_id, OLD.approved_at, OLD.ended_at, OLD.undone_at, OLD.undone_source)
           IS DISTINCT FROM
           (NEW.state, NEW.receipt, NEW.order_id, NEW.approved_by_id, NEW.approved_at, NEW.ended_at, NEW.undone_at, NEW.undone_source) THEN
        RAISE EXCEPTION 'mpesa: a reversal that was undone stays so'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state = 'undone' AND OLD.state NOT IN ('done', 'undone') THEN
        RAISE EXCEPTION 'mpesa: only what was done is undone'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.approved_at IS NOT NULL
       AND (OLD.approved_by_id, OLD.approved_at) IS DISTINCT FROM (NEW.approved_by_id, NEW.approved_at) THEN
        RAISE EXCEPTION 'mpesa: who approved a reversal stays on record'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_reversal_update BEFORE UPDATE ON mpesa_reversal FOR EACH ROW EXECUTE FUNCTION duka_reversal_update();

CREATE TRIGGER duka_reversal_delete BEFORE DELETE ON mpesa_reversal FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_reversal_truncate BEFORE TRUNCATE ON mpesa_reversal FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE OR REPLACE FUNCTION duka_statementrow_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.till_id, OLD.upload_id, OLD.receipt, OLD.kind, OLD.sign, OLD.amount_cents, OLD.balance_cents, OLD.at)
       IS DISTINCT FROM
       (NEW.id, NEW.till_id, NEW.upload_id, NEW.receipt, NEW.kind, NEW.sign, NEW.amount_cents, NEW.balance_cents, NEW.at) THEN
        RAISE EXCEPTION 'mpesa: a row of a statement is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.posted_key <> '' AND NEW.posted_key <> OLD.posted_key THEN
        RAISE EXCEPTION 'mpesa: what was posted stays so'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.linked_receipt <> '' AND NEW.linked_receipt <> OLD.linked_receipt THEN
        RAISE EXCEPTION 'mpesa: a row of a statement is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_statementrow_update BEFORE UPDATE ON mpesa_statementrow FOR EACH ROW EXECUTE FUNCTION duka_statementrow_update();

CREATE TRIGGER duka_statementrow_delete BEFORE DELETE ON mpesa_statementrow FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_statementrow_truncate BEFORE TRUNCATE ON mpesa_statementrow FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE OR REPLACE FUNCTION duka_upload_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.till_id, OLD.sha256, OLD.by_id, OLD.at)
       IS DISTINCT FROM
       (NEW.id, NEW.till_id, NEW.sha256, NEW.by_id, NEW.at) THEN
        RAISE EXCEPTION 'mpesa: a statement is kept; its content may only be erased'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.content IS NOT NULL AND NEW.content IS DISTINCT FROM OLD.content
       OR NEW.name NOT IN (OLD.name, '') THEN
        RAISE EXCEPTION 'mpesa: a statement is kept; its content may only be erased'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'done' AND NEW.state NOT IN ('done', 'dropped') THEN
        RAISE EXCEPTION 'mpesa: a statement that was brought in stays so'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_upload_update BEFORE UPDATE ON mpesa_statementupload FOR EACH ROW EXECUTE FUNCTION duka_upload_update();

CREATE TRIGGER duka_upload_delete BEFORE DELETE ON mpesa_statementupload FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_upload_truncate BEFORE TRUNCATE ON mpesa_statementupload FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_correction_update BEFORE UPDATE ON mpesa_correction FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_correction_delete BEFORE DELETE ON mpesa_correction FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_correction_truncate BEFORE TRUNCATE ON mpesa_correction FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_balance_update BEFORE UPDATE ON mpesa_accountbalance FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_balance_delete BEFORE DELETE ON mpesa_accountbalance FOR EACH ROW EXECUTE FUNCTION duka_kept();

CREATE TRIGGER duka_balance_truncate BEFORE TRUNCATE ON mpesa_accountbalance FOR EACH STATEMENT EXECUTE FUNCTION duka_kept();
