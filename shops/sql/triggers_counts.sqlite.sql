-- What may never change about counts, transfers and what went back to suppliers. The same rules as
-- triggers_counts.postgresql.sql.

CREATE TRIGGER duka_openingstock_insert BEFORE INSERT ON shops_openingstock
BEGIN
    SELECT RAISE(ABORT, 'shops: this opening stock exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_openingstock
        WHERE id = NEW.id OR "key" = NEW."key"
           OR (item_id = NEW.item_id AND location_id = NEW.location_id)
    );
    SELECT RAISE(ABORT, 'shops: what moved has no beginning any more')
    WHERE EXISTS (
        SELECT 1 FROM shops_stockmove WHERE item_id = NEW.item_id AND location_id = NEW.location_id
    );
END

CREATE TRIGGER duka_openingstock_update BEFORE UPDATE ON shops_openingstock
BEGIN
    SELECT RAISE(ABORT, 'shops: what lay there at the beginning is frozen');
END

CREATE TRIGGER duka_openingstock_delete BEFORE DELETE ON shops_openingstock
BEGIN
    SELECT RAISE(ABORT, 'shops: what lay there at the beginning is frozen');
END

CREATE TRIGGER duka_stocktransfer_insert BEFORE INSERT ON shops_stocktransfer
BEGIN
    SELECT RAISE(ABORT, 'shops: this transfer exists already')
    WHERE EXISTS (SELECT 1 FROM shops_stocktransfer WHERE id = NEW.id OR "key" = NEW."key");
END

CREATE TRIGGER duka_stocktransfer_update BEFORE UPDATE ON shops_stocktransfer
BEGIN
    SELECT RAISE(ABORT, 'shops: a transfer of stock is frozen');
END

CREATE TRIGGER duka_stocktransfer_delete BEFORE DELETE ON shops_stocktransfer
BEGIN
    SELECT RAISE(ABORT, 'shops: a transfer of stock is frozen');
END

CREATE TRIGGER duka_stocktransferline_insert BEFORE INSERT ON shops_stocktransferline
BEGIN
    SELECT RAISE(ABORT, 'shops: this line of a transfer exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_stocktransferline
        WHERE id = NEW.id OR (transfer_id = NEW.transfer_id AND item_id = NEW.item_id)
    );
    SELECT RAISE(ABORT, 'shops: a transfer that is done takes no line')
    WHERE EXISTS (
        SELECT 1 FROM shops_stockmove WHERE reference IN (
            'transfer:' || NEW.transfer_id, 'transfer:' || NEW.transfer_id || ':give'
        )
    );
END

CREATE TRIGGER duka_stocktransferline_update BEFORE UPDATE ON shops_stocktransferline
BEGIN
    SELECT RAISE(ABORT, 'shops: a transfer of stock is frozen');
END

CREATE TRIGGER duka_stocktransferline_delete BEFORE DELETE ON shops_stocktransferline
BEGIN
    SELECT RAISE(ABORT, 'shops: a transfer of stock is frozen');
END

CREATE TRIGGER duka_supplierreturn_insert BEFORE INSERT ON shops_supplierreturn
BEGIN
    SELECT RAISE(ABORT, 'shops: this debit note exists already')
    WHERE EXISTS (SELECT 1 FROM shops_supplierreturn WHERE id = NEW.id OR "key" = NEW."key");
END

CREATE TRIGGER duka_supplierreturn_update BEFORE UPDATE ON shops_supplierreturn
BEGIN
    SELECT RAISE(ABORT, 'shops: a debit note is frozen');
END

CREATE TRIGGER duka_supplierreturn_delete BEFORE DELETE ON shops_supplierreturn
BEGIN
    SELECT RAISE(ABORT, 'shops: a debit note is frozen');
END

CREATE TRIGGER duka_supplierreturnline_insert BEFORE INSERT ON shops_supplierreturnline
BEGIN
    SELECT RAISE(ABORT, 'shops: this line of a debit note exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_supplierreturnline
        WHERE id = NEW.id OR (supplier_return_id = NEW.supplier_return_id AND line_id = NEW.line_id)
    );
    SELECT RAISE(ABORT, 'shops: a debit note that is posted takes no line')
    WHERE EXISTS (
        SELECT 1 FROM shops_stockmove WHERE reference = 'supplierreturn:' || NEW.supplier_return_id
    );
    SELECT RAISE(ABORT, 'shops: more goes back than was bought')
    WHERE NEW.quantity_milli > (
        SELECT quantity_milli FROM shops_purchaseline WHERE id = NEW.line_id
    ) - (
        SELECT coalesce(sum(quantity_milli), 0) FROM shops_supplierreturnline
        WHERE line_id = NEW.line_id
    );
    SELECT RAISE(ABORT, 'shops: what goes back was bought by this purchase')
    WHERE NOT EXISTS (
        SELECT 1 FROM shops_purchaseline l JOIN shops_supplierreturn r
            ON r.purchase_id = l.purchase_id
        WHERE l.id = NEW.line_id AND r.id = NEW.supplier_return_id
    );
END

CREATE TRIGGER duka_supplierreturnline_update BEFORE UPDATE ON shops_supplierreturnline
BEGIN
    SELECT RAISE(ABORT, 'shops: a debit note is frozen');
END

CREATE TRIGGER duka_supplierreturnline_delete BEFORE DELETE ON shops_supplierreturnline
BEGIN
    SELECT RAISE(ABORT, 'shops: a debit note is frozen');
END

CREATE TRIGGER duka_stockcount_insert BEFORE INSERT ON shops_stockcount
BEGIN
    SELECT RAISE(ABORT, 'shops: this count exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_stockcount
        WHERE id = NEW.id OR "key" = NEW."key"
           OR (location_id = NEW.location_id AND closed_at IS NULL AND NEW.closed_at IS NULL)
    );
    SELECT RAISE(ABORT, 'shops: a count begins open, at a place of its business')
    WHERE NEW.closed_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM shops_location
        WHERE id = NEW.location_id AND business_id = NEW.business_id
    );
END

CREATE TRIGGER duka_stockcount_update BEFORE UPDATE ON shops_stockcount
BEGIN
    SELECT RAISE(ABORT, 'shops: a count that is closed is frozen')
    WHERE OLD.closed_at IS NOT NULL;
    SELECT RAISE(ABORT, 'shops: how a count began is frozen')
    WHERE (OLD.id, OLD.business_id, OLD.location_id, OLD."key", OLD.started_by_id, OLD.started_at)
          IS NOT
          (NEW.id, NEW.business_id, NEW.location_id, NEW."key", NEW.started_by_id, NEW.started_at);
END

CREATE TRIGGER duka_stockcount_delete BEFORE DELETE ON shops_stockcount
BEGIN
    SELECT RAISE(ABORT, 'shops: a count is kept');
END

CREATE TRIGGER duka_stockcountline_insert BEFORE INSERT ON shops_stockcountline
BEGIN
    SELECT RAISE(ABORT, 'shops: this line of a count exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_stockcountline
        WHERE id = NEW.id OR (count_id = NEW.count_id AND item_id = NEW.item_id)
    );
    SELECT RAISE(ABORT, 'shops: a count that is closed is frozen')
    WHERE EXISTS (
        SELECT 1 FROM shops_stockcount WHERE id = NEW.count_id AND closed_at IS NOT NULL
    );
END

CREATE TRIGGER duka_stockcountline_update BEFORE UPDATE ON shops_stockcountline
BEGIN
    SELECT RAISE(ABORT, 'shops: a count that is closed is frozen')
    WHERE EXISTS (
        SELECT 1 FROM shops_stockcount WHERE id = OLD.count_id AND closed_at IS NOT NULL
    );
    SELECT RAISE(ABORT, 'shops: a line stays with its count and its item')
    WHERE (OLD.id, OLD.count_id, OLD.item_id) IS NOT (NEW.id, NEW.count_id, NEW.item_id);
END

CREATE TRIGGER duka_stockcountline_delete BEFORE DELETE ON shops_stockcountline
BEGIN
    SELECT RAISE(ABORT, 'shops: a line of a count is kept');
END
