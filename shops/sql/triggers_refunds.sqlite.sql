-- What may never change about refunds and what customers pay. The same rules as
-- triggers_refunds.postgresql.sql.

CREATE TRIGGER duka_refundline_room BEFORE INSERT ON shops_refundline
BEGIN
    SELECT RAISE(ABORT, 'shops: more comes back than was sold')
    WHERE NEW.quantity_milli + (
        SELECT COALESCE(SUM(quantity_milli), 0) FROM shops_refundline WHERE line_id = NEW.line_id
    ) > (SELECT quantity_milli FROM shops_saleline WHERE id = NEW.line_id);
    SELECT RAISE(ABORT, 'shops: a refund is of lines of its own receipt')
    WHERE NOT EXISTS (
        SELECT 1 FROM shops_refund r JOIN shops_saleline l ON l.sale_id = r.sale_id
        WHERE r.id = NEW.refund_id AND l.id = NEW.line_id
    );
END

CREATE TRIGGER duka_refundtender_insert BEFORE INSERT ON shops_refundtender
BEGIN
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (SELECT 1 FROM shops_refundtender WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'shops: this code was noted for another refund')
    WHERE EXISTS (
        SELECT 1 FROM shops_refundtender
        WHERE mpesa_receipt = NEW.mpesa_receipt AND mpesa_receipt <> ''
    );
    SELECT RAISE(ABORT, 'shops: cash comes out of a drawer that is open, of the same business')
    WHERE NEW.method = 'cash' AND NOT EXISTS (
        SELECT 1 FROM shops_cashsession c JOIN shops_refund r ON r.business_id = c.business_id
        WHERE c.id = NEW.session_id AND r.id = NEW.refund_id AND c.closed_at IS NULL
    );
    SELECT RAISE(ABORT, 'shops: a customer buys in one business')
    WHERE NEW.customer_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM shops_customer c JOIN shops_refund r ON r.business_id = c.business_id
        WHERE c.id = NEW.customer_id AND r.id = NEW.refund_id
    );
END

CREATE TRIGGER duka_refundtender_update BEFORE UPDATE ON shops_refundtender
BEGIN
    SELECT RAISE(ABORT, 'shops: what went back is frozen')
    WHERE (OLD.id, OLD.refund_id, OLD.method, OLD.amount_cents, OLD.rounding_cents,
           OLD.session_id, OLD.customer_id)
          IS NOT (NEW.id, NEW.refund_id, NEW.method, NEW.amount_cents, NEW.rounding_cents,
                  NEW.session_id, NEW.customer_id)
       OR NEW.reversed_cents < OLD.reversed_cents
       OR (OLD.mpesa_receipt <> '' AND (OLD.mpesa_receipt, OLD.sent_by_id, OLD.sent_at)
           IS NOT (NEW.mpesa_receipt, NEW.sent_by_id, NEW.sent_at));
    SELECT RAISE(ABORT, 'shops: this code was noted for another refund')
    WHERE EXISTS (
        SELECT 1 FROM shops_refundtender
        WHERE mpesa_receipt = NEW.mpesa_receipt AND mpesa_receipt <> '' AND id <> NEW.id
    );
END

CREATE TRIGGER duka_refundtender_delete BEFORE DELETE ON shops_refundtender
BEGIN
    SELECT RAISE(ABORT, 'shops: what went back is frozen');
END

CREATE TRIGGER duka_customerpayment_open BEFORE INSERT ON shops_customerpayment
BEGIN
    SELECT RAISE(ABORT, 'shops: cash goes into a drawer that is open, of the same business')
    WHERE NOT EXISTS (
        SELECT 1 FROM shops_cashsession s JOIN shops_customer c ON c.business_id = s.business_id
        WHERE s.id = NEW.session_id AND c.id = NEW.customer_id AND s.closed_at IS NULL
    );
END

CREATE TRIGGER duka_refund_insert BEFORE INSERT ON shops_refund
BEGIN
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_refund
        WHERE id = NEW.id
           OR (sale_id = NEW.sale_id AND "key" = NEW."key")
           OR (business_id = NEW.business_id AND number = NEW.number)
    );
    SELECT RAISE(ABORT, 'shops: what comes back has a receipt of the same business')
    WHERE NOT EXISTS (
        SELECT 1 FROM shops_sale
        WHERE id = NEW.sale_id AND business_id = NEW.business_id AND number IS NOT NULL
    );
END

CREATE TRIGGER duka_refund_update BEFORE UPDATE ON shops_refund
BEGIN
    SELECT RAISE(ABORT, 'shops: what went back is frozen');
END

CREATE TRIGGER duka_refund_delete BEFORE DELETE ON shops_refund
BEGIN
    SELECT RAISE(ABORT, 'shops: what went back is frozen');
END

CREATE TRIGGER duka_refundline_insert BEFORE INSERT ON shops_refundline
BEGIN
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_refundline
        WHERE id = NEW.id OR (refund_id = NEW.refund_id AND line_id = NEW.line_id)
    );
END

CREATE TRIGGER duka_refundline_update BEFORE UPDATE ON shops_refundline
BEGIN
    SELECT RAISE(ABORT, 'shops: what went back is frozen');
END

CREATE TRIGGER duka_refundline_delete BEFORE DELETE ON shops_refundline
BEGIN
    SELECT RAISE(ABORT, 'shops: what went back is frozen');
END

CREATE TRIGGER duka_customerpayment_insert BEFORE INSERT ON shops_customerpayment
BEGIN
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_customerpayment
        WHERE id = NEW.id OR (customer_id = NEW.customer_id AND "key" = NEW."key")
    );
END

CREATE TRIGGER duka_customerpayment_update BEFORE UPDATE ON shops_customerpayment
BEGIN
    SELECT RAISE(ABORT, 'shops: what went back is frozen');
END

CREATE TRIGGER duka_customerpayment_delete BEFORE DELETE ON shops_customerpayment
BEGIN
    SELECT RAISE(ABORT, 'shops: what went back is frozen');
END

CREATE TRIGGER duka_tender_customer BEFORE INSERT ON shops_tender
BEGIN
    SELECT RAISE(ABORT, 'shops: a customer buys in one business')
    WHERE NEW.customer_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM shops_customer c JOIN shops_sale s ON s.business_id = c.business_id
        WHERE c.id = NEW.customer_id AND s.id = NEW.sale_id
    );
END

CREATE TRIGGER duka_tender_back BEFORE UPDATE ON shops_tender
BEGIN
    SELECT RAISE(ABORT, 'shops: cash comes out of a drawer that is open, of the same business')
    WHERE NEW.back_session_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM shops_cashsession c JOIN shops_sale s ON s.business_id = c.business_id
        WHERE c.id = NEW.back_session_id AND s.id = NEW.sale_id AND c.closed_at IS NULL
    );
END

CREATE TRIGGER duka_customer_insert BEFORE INSERT ON shops_customer
BEGIN
    SELECT RAISE(ABORT, 'shops: this customer exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_customer
        WHERE id = NEW.id OR (business_id = NEW.business_id AND name = NEW.name)
    );
END

CREATE TRIGGER duka_customer_update BEFORE UPDATE ON shops_customer
BEGIN
    SELECT RAISE(ABORT, 'shops: a customer stays with its business')
    WHERE (OLD.id, OLD.business_id) IS NOT (NEW.id, NEW.business_id);
    SELECT RAISE(ABORT, 'shops: who was erased stays erased')
    WHERE OLD.erased_at IS NOT NULL;
    SELECT RAISE(ABORT, 'shops: this customer exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_customer
        WHERE business_id = NEW.business_id AND name = NEW.name AND id <> NEW.id
    );
END
