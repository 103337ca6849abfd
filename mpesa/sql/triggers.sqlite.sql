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
    SELECT RAISE(ABORT, 'mpesa: what a message is about stays so')
    WHERE NEW.receipt <> OLD.receipt AND (OLD.receipt <> '' OR OLD.state = 'understood');
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
    WHERE (OLD.id, OLD.till_id, OLD."key", OLD.reference, OLD.account_reference, OLD.amount_cents, OLD.created_by_id, OLD.created_at)
          IS NOT (NEW.id, NEW.till_id, NEW."key", NEW.reference, NEW.account_reference, NEW.amount_cents, NEW.created_by_id, NEW.created_at);
    -- What only a guess called paid may turn out to be unknown.
    SELECT RAISE(ABORT, 'mpesa: a success is never downgraded')
    WHERE OLD.state = 'paid' AND NEW.state <> 'paid'
      AND NOT (NEW.state = 'unknown' AND OLD.result_code <> '0');
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
    WHERE (OLD.id, OLD.receipt, OLD.till_id, OLD.amount_cents, OLD.paid_at, OLD.recorded_at)
          IS NOT (NEW.id, NEW.receipt, NEW.till_id, NEW.amount_cents, NEW.paid_at, NEW.recorded_at)
       -- A guess gives way, to none or to what a callback proves.
       OR (OLD.request_id IS NOT NULL AND OLD.request_id IS NOT NEW.request_id
           AND NOT (OLD.request_is_guess AND NOT NEW.request_is_guess))
       OR (NEW.request_is_guess AND NOT OLD.request_is_guess AND OLD.request_id IS NOT NULL)
       OR (OLD.message_id IS NOT NULL AND OLD.message_id IS NOT NEW.message_id)
       OR EXISTS (SELECT 1 FROM mpesa_payment WHERE request_id = NEW.request_id AND id <> OLD.id);
    SELECT RAISE(ABORT, 'mpesa: only a correction changes what was paid')
    WHERE NEW.corrected_cents <> OLD.corrected_cents
      AND NEW.corrected_cents <> (SELECT coalesce(sum(amount_cents - before_cents), 0)
                                  FROM mpesa_correction WHERE payment_id = OLD.id);
    SELECT RAISE(ABORT, 'mpesa: what was reversed stays so')
    -- But what was taken back as forged, and came after all.
    WHERE NEW.reversed_cents < OLD.reversed_cents
      AND NEW.reversed_cents <> (SELECT coalesce(sum(amount_cents), 0) FROM mpesa_reversal
                                 WHERE payment_id = OLD.id AND state = 'done');
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

CREATE TRIGGER duka_sighting_insert BEFORE INSERT ON mpesa_sighting
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was seen is kept')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_sighting
        WHERE id = NEW.id OR receipt = NEW.receipt AND source = NEW.source
    );
END

CREATE TRIGGER duka_sighting_update BEFORE UPDATE ON mpesa_sighting
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was seen is kept');
END

CREATE TRIGGER duka_sighting_delete BEFORE DELETE ON mpesa_sighting
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was seen is kept');
END

CREATE TRIGGER duka_release_insert BEFORE INSERT ON mpesa_release
BEGIN
    SELECT RAISE(ABORT, 'mpesa: that something was released stays on record')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_release
        WHERE id = NEW.id OR message_id = NEW.message_id
    );
END

CREATE TRIGGER duka_release_update BEFORE UPDATE ON mpesa_release
BEGIN
    SELECT RAISE(ABORT, 'mpesa: that something was released stays on record');
END

CREATE TRIGGER duka_release_delete BEFORE DELETE ON mpesa_release
BEGIN
    SELECT RAISE(ABORT, 'mpesa: that something was released stays on record');
END

CREATE TRIGGER duka_allocation_insert BEFORE INSERT ON mpesa_allocation
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a match is undone, never changed')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_allocation
        WHERE id = NEW.id OR "key" = NEW."key"
    );
END

CREATE TRIGGER duka_allocation_update BEFORE UPDATE ON mpesa_allocation
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a match is undone, never changed')
    WHERE (OLD.id, OLD.payment_id, OLD."key", OLD.purpose, OLD.reference, OLD.account_code, OLD.amount_cents, OLD.note, OLD.is_guess, OLD.by_id, OLD.at)
          IS NOT (NEW.id, NEW.payment_id, NEW."key", NEW.purpose, NEW.reference, NEW.account_code, NEW.amount_cents, NEW.note, NEW.is_guess, NEW.by_id, NEW.at);
    SELECT RAISE(ABORT, 'mpesa: what was undone stays so')
    WHERE OLD.undone_at IS NOT NULL AND (OLD.undone_at, OLD.undone_by_id, OLD.undone_reason) IS NOT (NEW.undone_at, NEW.undone_by_id, NEW.undone_reason);
END

CREATE TRIGGER duka_allocation_delete BEFORE DELETE ON mpesa_allocation
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a match is undone, never changed');
END

CREATE TRIGGER duka_order_insert BEFORE INSERT ON mpesa_initiatororder
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was ordered is frozen')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_initiatororder
        WHERE id = NEW.id OR "key" = NEW."key" OR (token_digest = NEW.token_digest AND NOT (token_digest = ''))
    );
END

CREATE TRIGGER duka_order_update BEFORE UPDATE ON mpesa_initiatororder
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was ordered is frozen')
    WHERE (OLD.id, OLD.till_id, OLD.kind, OLD."key", OLD.receipt, OLD.amount_cents, OLD.by_id, OLD.created_at)
          IS NOT (NEW.id, NEW.till_id, NEW.kind, NEW."key", NEW.receipt, NEW.amount_cents, NEW.by_id, NEW.created_at);
    SELECT RAISE(ABORT, 'mpesa: a result stays')
    -- A text may be erased: Safaricom may name a person in it.
    WHERE OLD.state = 'done'
      AND ((OLD.state, OLD.result_code, OLD.token_digest, OLD.originator_id, OLD.conversation_id, OLD.ended_at)
           IS NOT (NEW.state, NEW.result_code, NEW.token_digest, NEW.originator_id, NEW.conversation_id, NEW.ended_at)
           OR NEW.result_text NOT IN (OLD.result_text, ''));
    -- UPDATE OR REPLACE would delete the row that holds the value.
    SELECT RAISE(ABORT, 'mpesa: what was ordered is frozen')
    WHERE EXISTS (SELECT 1 FROM mpesa_initiatororder
                  WHERE token_digest = NEW.token_digest AND NOT (token_digest = '') AND id <> OLD.id);
END

CREATE TRIGGER duka_order_delete BEFORE DELETE ON mpesa_initiatororder
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was ordered is frozen');
END

CREATE TRIGGER duka_balance_insert BEFORE INSERT ON mpesa_accountbalance
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a balance stays as it was told')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_accountbalance
        WHERE id = NEW.id OR order_id = NEW.order_id AND account = NEW.account
    );
END

CREATE TRIGGER duka_balance_update BEFORE UPDATE ON mpesa_accountbalance
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a balance stays as it was told');
END

CREATE TRIGGER duka_balance_delete BEFORE DELETE ON mpesa_accountbalance
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a balance stays as it was told');
END

CREATE TRIGGER duka_reversal_insert BEFORE INSERT ON mpesa_reversal
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was to be reversed is frozen')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_reversal
        WHERE id = NEW.id OR order_id = NEW.order_id OR (receipt = NEW.receipt AND NOT (receipt = ''))
       OR (payment_id = NEW.payment_id AND state IN ('proposed', 'approved', 'unknown')
           AND NEW.state IN ('proposed', 'approved', 'unknown'))
    );
END

CREATE TRIGGER duka_reversal_update BEFORE UPDATE ON mpesa_reversal
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was to be reversed is frozen')
    WHERE (OLD.id, OLD.payment_id, OLD.origin, OLD.amount_cents, OLD.reason, OLD.proposed_by_id, OLD.proposed_at)
          IS NOT (NEW.id, NEW.payment_id, NEW.origin, NEW.amount_cents, NEW.reason, NEW.proposed_by_id, NEW.proposed_at);
    SELECT RAISE(ABORT, 'mpesa: a reversal that was done stays so')
    -- Its receipt may become known later, from the statement.
    WHERE OLD.state = 'done'
      AND ((OLD.order_id, OLD.approved_by_id, OLD.approved_at, OLD.ended_at)
           IS NOT (NEW.order_id, NEW.approved_by_id, NEW.approved_at, NEW.ended_at)
           OR NEW.state <> 'done' AND NOT (OLD.origin = 'forged' AND NEW.state = 'undone')
           OR NEW.receipt <> OLD.receipt AND OLD.receipt <> '');
    SELECT RAISE(ABORT, 'mpesa: a reversal that was undone stays so')
    WHERE OLD.state = 'undone'
      AND (OLD.state, OLD.receipt, OLD.order_id, OLD.approved_by_id, OLD.approved_at, OLD.ended_at, OLD.undone_at, OLD.undone_source)
          IS NOT (NEW.state, NEW.receipt, NEW.order_id, NEW.approved_by_id, NEW.approved_at, NEW.ended_at, NEW.undone_at, NEW.undone_source);
    SELECT RAISE(ABORT, 'mpesa: only what was done is undone')
    WHERE NEW.state = 'undone' AND OLD.state NOT IN ('done', 'undone');
    SELECT RAISE(ABORT, 'mpesa: who approved a reversal stays on record')
    WHERE OLD.approved_at IS NOT NULL
      AND (OLD.approved_by_id, OLD.approved_at) IS NOT (NEW.approved_by_id, NEW.approved_at);
    -- UPDATE OR REPLACE would delete the row that holds the value.
    SELECT RAISE(ABORT, 'mpesa: what was to be reversed is frozen')
    WHERE EXISTS (SELECT 1 FROM mpesa_reversal
                  WHERE id <> OLD.id AND (order_id = NEW.order_id OR (receipt = NEW.receipt AND NOT (receipt = ''))
       OR (payment_id = NEW.payment_id AND state IN ('proposed', 'approved', 'unknown')
           AND NEW.state IN ('proposed', 'approved', 'unknown'))));
END

CREATE TRIGGER duka_reversal_delete BEFORE DELETE ON mpesa_reversal
BEGIN
    SELECT RAISE(ABORT, 'mpesa: what was to be reversed is frozen');
END

CREATE TRIGGER duka_statementrow_insert BEFORE INSERT ON mpesa_statementrow
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a row of a statement is frozen')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_statementrow
        WHERE id = NEW.id OR till_id = NEW.till_id AND receipt = NEW.receipt AND kind = NEW.kind AND sign = NEW.sign
    );
END

CREATE TRIGGER duka_statementrow_update BEFORE UPDATE ON mpesa_statementrow
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a row of a statement is frozen')
    WHERE (OLD.id, OLD.till_id, OLD.upload_id, OLD.receipt, OLD.kind, OLD.sign, OLD.amount_cents, OLD.balance_cents, OLD.at)
          IS NOT (NEW.id, NEW.till_id, NEW.upload_id, NEW.receipt, NEW.kind, NEW.sign, NEW.amount_cents, NEW.balance_cents, NEW.at);
    SELECT RAISE(ABORT, 'mpesa: what was posted stays so')
    WHERE OLD.posted_key <> '' AND NEW.posted_key <> OLD.posted_key;
    SELECT RAISE(ABORT, 'mpesa: a row of a statement is frozen')
    WHERE OLD.linked_receipt <> '' AND NEW.linked_receipt <> OLD.linked_receipt;
END

CREATE TRIGGER duka_statementrow_delete BEFORE DELETE ON mpesa_statementrow
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a row of a statement is frozen');
END

CREATE TRIGGER duka_correction_insert BEFORE INSERT ON mpesa_correction
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a correction stays on record')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_correction
        WHERE id = NEW.id OR payment_id = NEW.payment_id OR row_id = NEW.row_id
    );
END

CREATE TRIGGER duka_correction_update BEFORE UPDATE ON mpesa_correction
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a correction stays on record');
END

CREATE TRIGGER duka_correction_delete BEFORE DELETE ON mpesa_correction
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a correction stays on record');
END

CREATE TRIGGER duka_upload_insert BEFORE INSERT ON mpesa_statementupload
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a statement is kept; its content may only be erased')
    WHERE EXISTS (
        SELECT 1 FROM mpesa_statementupload
        WHERE id = NEW.id OR (till_id = NEW.till_id AND sha256 = NEW.sha256 AND state <> 'dropped' AND NEW.state <> 'dropped')
    );
END

CREATE TRIGGER duka_upload_update BEFORE UPDATE ON mpesa_statementupload
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a statement is kept; its content may only be erased')
    WHERE (OLD.id, OLD.till_id, OLD.sha256, OLD.by_id, OLD.at)
          IS NOT (NEW.id, NEW.till_id, NEW.sha256, NEW.by_id, NEW.at);
    SELECT RAISE(ABORT, 'mpesa: a statement is kept; its content may only be erased')
    WHERE NEW.content IS NOT NULL AND NEW.content IS NOT OLD.content
       OR NEW.name NOT IN (OLD.name, '');
    SELECT RAISE(ABORT, 'mpesa: a statement that was brought in stays so')
    WHERE OLD.state = 'done' AND NEW.state NOT IN ('done', 'dropped');
    -- UPDATE OR REPLACE would delete the row that holds the value.
    SELECT RAISE(ABORT, 'mpesa: a statement is kept; its content may only be erased')
    WHERE EXISTS (SELECT 1 FROM mpesa_statementupload
                  WHERE id <> OLD.id AND till_id = NEW.till_id AND sha256 = NEW.sha256 AND state <> 'dropped' AND NEW.state <> 'dropped');
END

CREATE TRIGGER duka_upload_delete BEFORE DELETE ON mpesa_statementupload
BEGIN
    SELECT RAISE(ABORT, 'mpesa: a statement is kept; its content may only be erased');
END
