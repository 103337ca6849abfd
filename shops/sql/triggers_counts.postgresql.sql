-- What may never change about counts, transfers and what went back to suppliers.

CREATE OR REPLACE FUNCTION duka_openingstock_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (
        SELECT 1 FROM shops_stockmove WHERE item_id = NEW.item_id AND location_id = NEW.location_id
    ) THEN
        RAISE EXCEPTION 'shops: what moved has no beginning any more'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_openingstock_insert BEFORE INSERT ON shops_openingstock FOR EACH ROW EXECUTE FUNCTION duka_openingstock_insert();

CREATE TRIGGER duka_openingstock_update BEFORE UPDATE ON shops_openingstock FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_openingstock_delete BEFORE DELETE ON shops_openingstock FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_openingstock_truncate BEFORE TRUNCATE ON shops_openingstock FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stocktransfer_update BEFORE UPDATE ON shops_stocktransfer FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stocktransfer_delete BEFORE DELETE ON shops_stocktransfer FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stocktransfer_truncate BEFORE TRUNCATE ON shops_stocktransfer FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE OR REPLACE FUNCTION duka_stocktransferline_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (
        SELECT 1 FROM shops_stockmove WHERE reference IN (
            'transfer:' || NEW.transfer_id, 'transfer:' || NEW.transfer_id || ':give'
        )
    ) THEN
        RAISE EXCEPTION 'shops: a transfer that is done takes no line'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_stocktransferline_insert BEFORE INSERT ON shops_stocktransferline FOR EACH ROW EXECUTE FUNCTION duka_stocktransferline_insert();

CREATE TRIGGER duka_stocktransferline_update BEFORE UPDATE ON shops_stocktransferline FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stocktransferline_delete BEFORE DELETE ON shops_stocktransferline FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stocktransferline_truncate BEFORE TRUNCATE ON shops_stocktransferline FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_supplierreturn_update BEFORE UPDATE ON shops_supplierreturn FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_supplierreturn_delete BEFORE DELETE ON shops_supplierreturn FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_supplierreturn_truncate BEFORE TRUNCATE ON shops_supplierreturn FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE OR REPLACE FUNCTION duka_supplierreturnline_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (
        SELECT 1 FROM shops_stockmove WHERE reference = 'supplierreturn:' || NEW.supplier_return_id
    ) THEN
        RAISE EXCEPTION 'shops: a debit note that is posted takes no line'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.quantity_milli > (
        SELECT quantity_milli FROM shops_purchaseline WHERE id = NEW.line_id
    ) - (
        SELECT coalesce(sum(quantity_milli), 0) FROM shops_supplierreturnline
        WHERE line_id = NEW.line_id
    ) THEN
        RAISE EXCEPTION 'shops: more goes back than was bought'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM shops_purchaseline l JOIN shops_supplierreturn r
            ON r.purchase_id = l.purchase_id
        WHERE l.id = NEW.line_id AND r.id = NEW.supplier_return_id
    ) THEN
        RAISE EXCEPTION 'shops: what goes back was bought by this purchase'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_supplierreturnline_insert BEFORE INSERT ON shops_supplierreturnline FOR EACH ROW EXECUTE FUNCTION duka_supplierreturnline_insert();

CREATE TRIGGER duka_supplierreturnline_update BEFORE UPDATE ON shops_supplierreturnline FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_supplierreturnline_delete BEFORE DELETE ON shops_supplierreturnline FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_supplierreturnline_truncate BEFORE TRUNCATE ON shops_supplierreturnline FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE OR REPLACE FUNCTION duka_stockcount_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.closed_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM shops_location
        WHERE id = NEW.location_id AND business_id = NEW.business_id
    ) THEN
        RAISE EXCEPTION 'shops: a count begins open, at a place of its business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_stockcount_insert BEFORE INSERT ON shops_stockcount FOR EACH ROW EXECUTE FUNCTION duka_stockcount_insert();

CREATE OR REPLACE FUNCTION duka_stockcount_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'shops: a count that is closed is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.id, OLD.business_id, OLD.location_id, OLD.key, OLD.started_by_id, OLD.started_at)
       IS DISTINCT FROM
       (NEW.id, NEW.business_id, NEW.location_id, NEW.key, NEW.started_by_id, NEW.started_at) THEN
        RAISE EXCEPTION 'shops: how a count began is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_stockcount_update BEFORE UPDATE ON shops_stockcount FOR EACH ROW EXECUTE FUNCTION duka_stockcount_update();

CREATE OR REPLACE FUNCTION duka_stockcountline_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (
        SELECT 1 FROM shops_stockcount WHERE id = NEW.count_id AND closed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'shops: a count that is closed is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_stockcountline_insert BEFORE INSERT ON shops_stockcountline FOR EACH ROW EXECUTE FUNCTION duka_stockcountline_insert();

CREATE OR REPLACE FUNCTION duka_stockcountline_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (
        SELECT 1 FROM shops_stockcount WHERE id = OLD.count_id AND closed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'shops: a count that is closed is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.id, OLD.count_id, OLD.item_id)
       IS DISTINCT FROM (NEW.id, NEW.count_id, NEW.item_id) THEN
        RAISE EXCEPTION 'shops: a line stays with its count and its item'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_stockcountline_update BEFORE UPDATE ON shops_stockcountline FOR EACH ROW EXECUTE FUNCTION duka_stockcountline_update();

CREATE TRIGGER duka_stockcount_delete BEFORE DELETE ON shops_stockcount FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stockcount_truncate BEFORE TRUNCATE ON shops_stockcount FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stockcountline_delete BEFORE DELETE ON shops_stockcountline FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stockcountline_truncate BEFORE TRUNCATE ON shops_stockcountline FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();
