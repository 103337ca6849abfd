-- What may never change about stock and what was bought.

CREATE OR REPLACE FUNCTION duka_stockitem_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.product_id, OLD.stock_account) IS DISTINCT FROM (NEW.product_id, NEW.stock_account)
       AND EXISTS (SELECT 1 FROM shops_stockmove WHERE item_id = OLD.product_id) THEN
        RAISE EXCEPTION 'shops: the value of what moved stays on its account'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_stockitem_update BEFORE UPDATE ON shops_stockitem FOR EACH ROW EXECUTE FUNCTION duka_stockitem_update();

CREATE OR REPLACE FUNCTION duka_stocklevel_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.item_id, OLD.location_id)
       IS DISTINCT FROM (NEW.id, NEW.item_id, NEW.location_id) THEN
        RAISE EXCEPTION 'shops: a level stays with its item and its place'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_stocklevel_update BEFORE UPDATE ON shops_stocklevel FOR EACH ROW EXECUTE FUNCTION duka_stocklevel_update();

CREATE OR REPLACE FUNCTION duka_linestock_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.state <> 'reserved'
       OR NOT EXISTS (
           SELECT 1 FROM shops_saleline l JOIN shops_sale s ON s.id = l.sale_id
           WHERE l.id = NEW.line_id AND s.state = 'open'
       ) THEN
        RAISE EXCEPTION 'shops: stock is reserved for an open sale'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_linestock_insert BEFORE INSERT ON shops_linestock FOR EACH ROW EXECUTE FUNCTION duka_linestock_insert();

CREATE OR REPLACE FUNCTION duka_linestock_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.state <> 'reserved'
       OR (OLD.id, OLD.line_id, OLD.item_id, OLD.location_id, OLD.quantity_milli)
          IS DISTINCT FROM
          (NEW.id, NEW.line_id, NEW.item_id, NEW.location_id, NEW.quantity_milli) THEN
        RAISE EXCEPTION 'shops: what a sale took from the stock is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_linestock_update BEFORE UPDATE ON shops_linestock FOR EACH ROW EXECUTE FUNCTION duka_linestock_update();

CREATE OR REPLACE FUNCTION duka_purchaseline_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (SELECT 1 FROM money_entry WHERE key = 'purchase:' || NEW.purchase_id) THEN
        RAISE EXCEPTION 'shops: a purchase that is posted takes no line'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_purchaseline_insert BEFORE INSERT ON shops_purchaseline FOR EACH ROW EXECUTE FUNCTION duka_purchaseline_insert();

CREATE TRIGGER duka_stockmove_update BEFORE UPDATE ON shops_stockmove FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_loss_update BEFORE UPDATE ON shops_loss FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_purchase_update BEFORE UPDATE ON shops_purchase FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_purchaseline_update BEFORE UPDATE ON shops_purchaseline FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_supplierpayment_update BEFORE UPDATE ON shops_supplierpayment FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stockitem_delete BEFORE DELETE ON shops_stockitem FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stockitem_truncate BEFORE TRUNCATE ON shops_stockitem FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stocklevel_delete BEFORE DELETE ON shops_stocklevel FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stocklevel_truncate BEFORE TRUNCATE ON shops_stocklevel FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_linestock_delete BEFORE DELETE ON shops_linestock FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_linestock_truncate BEFORE TRUNCATE ON shops_linestock FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stockmove_delete BEFORE DELETE ON shops_stockmove FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_stockmove_truncate BEFORE TRUNCATE ON shops_stockmove FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_loss_delete BEFORE DELETE ON shops_loss FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_loss_truncate BEFORE TRUNCATE ON shops_loss FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_purchase_delete BEFORE DELETE ON shops_purchase FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_purchase_truncate BEFORE TRUNCATE ON shops_purchase FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_purchaseline_delete BEFORE DELETE ON shops_purchaseline FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_purchaseline_truncate BEFORE TRUNCATE ON shops_purchaseline FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_supplierpayment_delete BEFORE DELETE ON shops_supplierpayment FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_supplierpayment_truncate BEFORE TRUNCATE ON shops_supplierpayment FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();
