-- What may never change on the rail. The same rules as triggers.postgresql.sql.

CREATE TRIGGER duka_inbound_insert BEFORE INSERT ON mpesa_inboundmessage
BEGIN
    -- INSERT OR REPLACE would delete the old row without asking a DELETE trigger.
    SELECT RAISE(ABORT, 'mpesa: what arrived is kept')
    WHERE EXISTS (SELECT 1 FROM mpesa_inboundmessage WHERE id = NEW.id)
       OR EXISTS (SELECT 1 FROM mpesa_inboundmessage
                  WHERE spool_id = NEW.spool_id AND NOT (spool_id = ''));
END

CREATE TRIGGER duka_inbound_update BEFORE UPDATE ON mpesa_inboundmessage
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what arrived is frozen; its body may only be erased')
    WHERE (OLD.id, OLD.channel, OLD.till_id, OLD.token_digest, OLD.sha256, OLD.address, OLD.headers, OLD.received_at, OLD.spool_id)
          IS NOT (NEW.id, NEW.channel, NEW.till_id, NEW.token_digest, NEW.sha256, NEW.address, NEW.headers, NEW.received_at, NEW.spool_id)
       OR (NEW.body IS NOT NULL AND NEW.body IS NOT OLD.body);
    SELECT RAISE(ABORT, 'mpesa: a message that was understood stays so')
    WHERE OLD.state = 'understood' AND NEW.state <> 'understood';
END

CREATE TRIGGER duka_inbound_delete BEFORE DELETE ON mpesa_inboundmessage
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what arrived is kept');
END

CREATE TRIGGER duka_request_insert BEFORE INSERT ON mpesa_paymentrequest
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was asked is kept')
    WHERE EXISTS (SELECT 1 FROM mpesa_paymentrequest WHERE id = NEW.id)
       OR EXISTS (SELECT 1 FROM mpesa_paymentrequest WHERE "key" = NEW."key")
       OR EXISTS (SELECT 1 FROM mpesa_paymentrequest
                  WHERE token_digest = NEW.token_digest AND NOT (token_digest = ''))
       OR EXISTS (SELECT 1 FROM mpesa_paymentrequest
                  WHERE checkout_request_id = NEW.checkout_request_id AND NOT (checkout_request_id = ''))
       OR EXISTS (SELECT 1 FROM mpesa_paymentrequest
                  WHERE reference = NEW.reference AND state IN ('created', 'asked')
                    AND NEW.state IN ('created', 'asked'));
END

CREATE TRIGGER duka_request_update BEFORE UPDATE ON mpesa_paymentrequest
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was asked is frozen')
    WHERE (OLD.id, OLD.till_id, OLD."key", OLD.reference, OLD.amount_cents, OLD.created_at)
          IS NOT (NEW.id, NEW.till_id, NEW."key", NEW.reference, NEW.amount_cents, NEW.created_at);
    SELECT RAISE(ABORT, 'mpesa: a success is never downgraded')
    WHERE OLD.state = 'paid' AND NEW.state <> 'paid';
    -- UPDATE OR REPLACE would delete the row that holds the value.
    SELECT RAISE(ABORT, 'mpesa: what was asked is kept')
    WHERE EXISTS (SELECT 1 FROM mpesa_paymentrequest
                  WHERE token_digest = NEW.token_digest AND NOT (token_digest = '') AND id <> OLD.id)
       OR EXISTS (SELECT 1 FROM mpesa_paymentrequest
                  WHERE checkout_request_id = NEW.checkout_request_id AND NOT (checkout_request_id = '')
                    AND id <> OLD.id)
       OR EXISTS (SELECT 1 FROM mpesa_paymentrequest
                  WHERE reference = NEW.reference AND state IN ('created', 'asked')
                    AND NEW.state IN ('created', 'asked') AND id <> OLD.id);
END

CREATE TRIGGER duka_request_delete BEFORE DELETE ON mpesa_paymentrequest
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was asked is kept');
END

CREATE TRIGGER duka_payment_insert BEFORE INSERT ON mpesa_payment
BEGIN
    -- INSERT OR REPLACE would delete the old row without asking a DELETE trigger.
    SELECT RAISE(ABORT, 'mpesa: this receipt is a payment already')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_payment
        WHERE id = NEW.id OR receipt = NEW.receipt OR request_id = NEW.request_id
    );
END

CREATE TRIGGER duka_payment_update BEFORE UPDATE ON mpesa_payment
BEGIN
    SELECT RAISE(ABORT, 'mpesa: the facts of a payment are frozen')
    WHERE (OLD.id, OLD.receipt, OLD.till_id, OLD.amount_cents, OLD.paid_at)
          IS NOT (NEW.id, NEW.receipt, NEW.till_id, NEW.amount_cents, NEW.paid_at)
       OR (OLD.request_id IS NOT NULL AND OLD.request_id IS NOT NEW.request_id)
       OR EXISTS (SELECT 1 FROM mpesa_payment WHERE request_id = NEW.request_id AND id <> OLD.id);
END

CREATE TRIGGER duka_payment_delete BEFORE DELETE ON mpesa_payment
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a payment is kept');
END

CREATE TRIGGER duka_erasure_insert BEFORE INSERT ON mpesa_erasure
BEGIN
    SELECT RAISE(ABORT, 'mpesa: that something was erased stays on record')
    WHERE EXISTS (SELECT 1 FROM mpesa_erasure WHERE id = NEW.id);
END

CREATE TRIGGER duka_erasure_update BEFORE UPDATE ON mpesa_erasure
BEGIN
    SELECT RAISE(ABORT, 'mpesa: that something was erased stays on record');
END

CREATE TRIGGER duka_erasure_delete BEFORE DELETE ON mpesa_erasure
BEGIN
    SELECT RAISE(ABORT, 'mpesa: that something was erased stays on record');
END
