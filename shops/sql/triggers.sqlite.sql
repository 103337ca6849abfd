-- What may never change about a sale, a price, a code. The same rules as triggers.postgresql.sql.

CREATE TRIGGER duka_sale_insert BEFORE INSERT ON shops_sale
BEGIN
    -- INSERT OR REPLACE would delete the old row without asking a DELETE trigger.
    SELECT RAISE(ABORT, 'shops: a sale with this id, key or number exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_sale
        WHERE id = NEW.id OR "key" = NEW."key"
           OR (business_id = NEW.business_id AND number = NEW.number)
    );
END

CREATE TRIGGER duka_sale_update BEFORE UPDATE ON shops_sale
BEGIN
    -- But that its money may be taken back, and come again.
    SELECT RAISE(ABORT, 'shops: a sale that has ended is frozen')
    WHERE OLD.state <> 'open'
      AND ((OLD.state, NEW.state) NOT IN (VALUES ('paid', 'owed'), ('owed', 'paid'))
           OR (OLD.number, OLD.ended_at) IS NOT (NEW.number, NEW.ended_at));
    SELECT RAISE(ABORT, 'shops: only what was paid is owed again')
    WHERE OLD.state = 'open' AND NEW.state = 'owed';
    SELECT RAISE(ABORT, 'shops: what was rung up is frozen')
    WHERE (OLD.id, OLD.business_id, OLD."key", OLD.sold_on, OLD.total_cents, OLD.vat_cents,
           OLD.discount_cents, OLD.discount_reason, OLD.discount_by_id,
           OLD.is_vat_registered, OLD.cashier_id, OLD.session_id, OLD.created_at)
          IS NOT (NEW.id, NEW.business_id, NEW."key", NEW.sold_on, NEW.total_cents, NEW.vat_cents,
                  NEW.discount_cents, NEW.discount_reason, NEW.discount_by_id,
                  NEW.is_vat_registered, NEW.cashier_id, NEW.session_id, NEW.created_at);
    -- So would UPDATE OR REPLACE.
    SELECT RAISE(ABORT, 'shops: this receipt number is taken')
    WHERE EXISTS (
        SELECT 1 FROM shops_sale
        WHERE business_id = NEW.business_id AND number = NEW.number AND id <> NEW.id
    );
END

CREATE TRIGGER duka_sale_delete BEFORE DELETE ON shops_sale
BEGIN
    SELECT RAISE(ABORT, 'shops: a sale is kept');
END

CREATE TRIGGER duka_saleline_insert BEFORE INSERT ON shops_saleline
BEGIN
    SELECT RAISE(ABORT, 'shops: this line exists already')
    WHERE EXISTS (SELECT 1 FROM shops_saleline WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'shops: a sale that has ended is frozen')
    WHERE EXISTS (SELECT 1 FROM shops_sale WHERE id = NEW.sale_id AND state <> 'open');
END

CREATE TRIGGER duka_saleline_update BEFORE UPDATE ON shops_saleline
BEGIN
    SELECT RAISE(ABORT, 'shops: what was rung up is frozen');
END

CREATE TRIGGER duka_saleline_delete BEFORE DELETE ON shops_saleline
BEGIN
    SELECT RAISE(ABORT, 'shops: what was rung up is frozen');
END

CREATE TRIGGER duka_tender_insert BEFORE INSERT ON shops_tender
BEGIN
    SELECT RAISE(ABORT, 'shops: this tender exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_tender
        WHERE id = NEW.id
           OR (sale_id = NEW.sale_id AND payment_id = NEW.payment_id AND taken_back_at IS NULL)
           OR (sale_id = NEW.sale_id AND "key" = NEW."key" AND "key" <> '')
    );
    SELECT RAISE(ABORT, 'shops: a sale that has ended is frozen')
    WHERE EXISTS (
        SELECT 1 FROM shops_sale WHERE id = NEW.sale_id AND state NOT IN ('open', 'owed')
    );
    SELECT RAISE(ABORT, 'shops: cash goes into a drawer that is open, of the same business')
    WHERE NEW.method = 'cash' AND NOT EXISTS (
        SELECT 1 FROM shops_cashsession c JOIN shops_sale s ON s.business_id = c.business_id
        WHERE c.id = NEW.session_id AND s.id = NEW.sale_id AND c.closed_at IS NULL
    );
END

CREATE TRIGGER duka_tender_update BEFORE UPDATE ON shops_tender
BEGIN
    SELECT RAISE(ABORT, 'shops: a tender is frozen')
    WHERE OLD.taken_back_at IS NOT NULL OR NEW.taken_back_at IS NULL
       OR (OLD.id, OLD.sale_id, OLD.method, OLD.amount_cents, OLD.rounding_cents, OLD.given_cents,
           OLD.payment_id, OLD.session_id, OLD.customer_id, OLD."key", OLD.taken_at)
          IS NOT (NEW.id, NEW.sale_id, NEW.method, NEW.amount_cents, NEW.rounding_cents,
                  NEW.given_cents, NEW.payment_id, NEW.session_id, NEW.customer_id, NEW."key", NEW.taken_at);
END

CREATE TRIGGER duka_tender_delete BEFORE DELETE ON shops_tender
BEGIN
    SELECT RAISE(ABORT, 'shops: a tender is frozen');
END

CREATE TRIGGER duka_product_business BEFORE UPDATE ON shops_product
BEGIN
    SELECT RAISE(ABORT, 'shops: a product stays with its business')
    WHERE (OLD.id, OLD.business_id) IS NOT (NEW.id, NEW.business_id);
END

CREATE TRIGGER duka_price_insert BEFORE INSERT ON shops_price
BEGIN
    SELECT RAISE(ABORT, 'shops: this price exists already')
    WHERE EXISTS (SELECT 1 FROM shops_price WHERE id = NEW.id);
END

CREATE TRIGGER duka_price_update BEFORE UPDATE ON shops_price
BEGIN
    SELECT RAISE(ABORT, 'shops: a price is followed by another, never changed');
END

CREATE TRIGGER duka_price_delete BEFORE DELETE ON shops_price
BEGIN
    SELECT RAISE(ABORT, 'shops: a price is followed by another, never changed');
END

CREATE TRIGGER duka_barcode_insert BEFORE INSERT ON shops_barcode
BEGIN
    SELECT RAISE(ABORT, 'shops: a code is of the business of its product')
    WHERE NOT EXISTS (
        SELECT 1 FROM shops_product WHERE id = NEW.product_id AND business_id = NEW.business_id
    );
    -- INSERT OR REPLACE would take the code from another product unseen.
    SELECT RAISE(ABORT, 'shops: this code is taken')
    WHERE EXISTS (
        SELECT 1 FROM shops_barcode
        WHERE id = NEW.id OR (business_id = NEW.business_id AND code = NEW.code)
    );
END

CREATE TRIGGER duka_barcode_update BEFORE UPDATE ON shops_barcode
BEGIN
    SELECT RAISE(ABORT, 'shops: a code is taken off and given anew, never changed');
END
