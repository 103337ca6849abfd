-- What may never change about prints of receipts. The same rules as triggers_receipts.postgresql.sql.

CREATE TRIGGER duka_receiptprint_insert BEFORE INSERT ON shops_receiptprint
BEGIN
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_receiptprint
        WHERE id = NEW.id OR "key" = NEW."key"
       OR (sale_id = NEW.sale_id AND number = NEW.number)
    );
    SELECT RAISE(ABORT, 'shops: a receipt is printed of what has one')
    WHERE NOT EXISTS (SELECT 1 FROM shops_sale WHERE id = NEW.sale_id AND number IS NOT NULL);
    SELECT RAISE(ABORT, 'shops: prints are numbered without a gap')
    WHERE NEW.number <> 1 AND NOT EXISTS (
        SELECT 1 FROM shops_receiptprint WHERE sale_id = NEW.sale_id AND number = NEW.number - 1
    );
END

CREATE TRIGGER duka_receiptprint_update BEFORE UPDATE ON shops_receiptprint
BEGIN
    SELECT RAISE(ABORT, 'shops: what was printed is frozen');
END

CREATE TRIGGER duka_receiptprint_delete BEFORE DELETE ON shops_receiptprint
BEGIN
    SELECT RAISE(ABORT, 'shops: what was printed is frozen');
END
