-- What may never change about prints of receipts. The same rules as triggers_receipts.sqlite.sql.

CREATE OR REPLACE FUNCTION duka_receiptprint_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM shops_sale WHERE id = NEW.sale_id AND number IS NOT NULL) THEN
        RAISE EXCEPTION 'shops: a receipt is printed of what has one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.number <> 1 AND NOT EXISTS (
        SELECT 1 FROM shops_receiptprint WHERE sale_id = NEW.sale_id AND number = NEW.number - 1
    ) THEN
        RAISE EXCEPTION 'shops: prints are numbered without a gap'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_receiptprint_insert BEFORE INSERT ON shops_receiptprint FOR EACH ROW EXECUTE FUNCTION duka_receiptprint_insert();

CREATE OR REPLACE FUNCTION duka_receiptprint_frozen() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'shops: what was printed is frozen: %', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_receiptprint_update BEFORE UPDATE ON shops_receiptprint FOR EACH ROW EXECUTE FUNCTION duka_receiptprint_frozen();

CREATE TRIGGER duka_receiptprint_delete BEFORE DELETE ON shops_receiptprint FOR EACH ROW EXECUTE FUNCTION duka_receiptprint_frozen();

CREATE TRIGGER duka_receiptprint_truncate BEFORE TRUNCATE ON shops_receiptprint FOR EACH STATEMENT EXECUTE FUNCTION duka_receiptprint_frozen();
