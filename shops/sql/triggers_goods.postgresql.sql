-- What may never change about recipes, families and batches.

CREATE OR REPLACE FUNCTION duka_stockitem_has_no_recipe() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (SELECT 1 FROM shops_recipe WHERE product_id = NEW.product_id) THEN
        RAISE EXCEPTION 'shops: a product with a recipe is not counted itself'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_stockitem_has_no_recipe BEFORE INSERT ON shops_stockitem FOR EACH ROW EXECUTE FUNCTION duka_stockitem_has_no_recipe();

CREATE OR REPLACE FUNCTION duka_stockitem_batches() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.keeps_batches AND NOT NEW.keeps_batches THEN
        RAISE EXCEPTION 'shops: what keeps batches goes on keeping them'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_stockitem_batches BEFORE UPDATE ON shops_stockitem FOR EACH ROW EXECUTE FUNCTION duka_stockitem_batches();

CREATE OR REPLACE FUNCTION duka_recipe_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (SELECT 1 FROM shops_stockitem WHERE product_id = NEW.product_id) THEN
        RAISE EXCEPTION 'shops: what is counted itself has no recipe'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_recipe_insert BEFORE INSERT ON shops_recipe FOR EACH ROW EXECUTE FUNCTION duka_recipe_insert();

CREATE OR REPLACE FUNCTION duka_recipe_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.product_id IS DISTINCT FROM NEW.product_id THEN
        RAISE EXCEPTION 'shops: a recipe stays with its product'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_recipe_update BEFORE UPDATE ON shops_recipe FOR EACH ROW EXECUTE FUNCTION duka_recipe_update();

CREATE OR REPLACE FUNCTION duka_recipepart_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (SELECT business_id FROM shops_product WHERE id = NEW.recipe_id)
       IS DISTINCT FROM (SELECT business_id FROM shops_product WHERE id = NEW.item_id) THEN
        RAISE EXCEPTION 'shops: a recipe uses what its own business counts'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_recipepart_insert BEFORE INSERT ON shops_recipepart FOR EACH ROW EXECUTE FUNCTION duka_recipepart_insert();

CREATE OR REPLACE FUNCTION duka_recipepart_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.recipe_id, OLD.item_id)
       IS DISTINCT FROM (NEW.recipe_id, NEW.item_id) THEN
        RAISE EXCEPTION 'shops: a part of a recipe is written anew'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_recipepart_update BEFORE UPDATE ON shops_recipepart FOR EACH ROW EXECUTE FUNCTION duka_recipepart_update();

CREATE OR REPLACE FUNCTION duka_product_family() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.family_id IS NOT NULL
       AND (SELECT business_id FROM shops_productfamily WHERE id = NEW.family_id)
           IS DISTINCT FROM NEW.business_id THEN
        RAISE EXCEPTION 'shops: a family is of one business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_product_family_insert BEFORE INSERT ON shops_product FOR EACH ROW EXECUTE FUNCTION duka_product_family();

CREATE TRIGGER duka_product_family_update BEFORE UPDATE ON shops_product FOR EACH ROW EXECUTE FUNCTION duka_product_family();

CREATE OR REPLACE FUNCTION duka_productfamily_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.business_id IS DISTINCT FROM NEW.business_id THEN
        RAISE EXCEPTION 'shops: a family stays with its business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_productfamily_update BEFORE UPDATE ON shops_productfamily FOR EACH ROW EXECUTE FUNCTION duka_productfamily_update();

CREATE OR REPLACE FUNCTION duka_linestock_recipe() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.cost_account, OLD.comes_back)
       IS DISTINCT FROM (NEW.cost_account, NEW.comes_back) THEN
        RAISE EXCEPTION 'shops: a sale keeps the recipe it was made with'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_linestock_recipe BEFORE UPDATE ON shops_linestock FOR EACH ROW EXECUTE FUNCTION duka_linestock_recipe();

CREATE OR REPLACE FUNCTION duka_batch_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.item_id, OLD.code, OLD.best_before)
       IS DISTINCT FROM (NEW.id, NEW.item_id, NEW.code, NEW.best_before) THEN
        RAISE EXCEPTION 'shops: a batch keeps its code and its day'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_batch_update BEFORE UPDATE ON shops_batch FOR EACH ROW EXECUTE FUNCTION duka_batch_update();

CREATE OR REPLACE FUNCTION duka_batchlevel_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT EXISTS (
           SELECT 1 FROM shops_batch b JOIN shops_stockitem i ON i.product_id = b.item_id
           WHERE b.id = NEW.batch_id AND i.keeps_batches
       ) THEN
        RAISE EXCEPTION 'shops: a batch is of what keeps batches'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_batchlevel_insert BEFORE INSERT ON shops_batchlevel FOR EACH ROW EXECUTE FUNCTION duka_batchlevel_insert();

CREATE OR REPLACE FUNCTION duka_batchlevel_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.batch_id, OLD.location_id)
       IS DISTINCT FROM (NEW.id, NEW.batch_id, NEW.location_id) THEN
        RAISE EXCEPTION 'shops: a level stays with its batch and its place'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_batchlevel_update BEFORE UPDATE ON shops_batchlevel FOR EACH ROW EXECUTE FUNCTION duka_batchlevel_update();

CREATE OR REPLACE FUNCTION duka_batchmove_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.move_id IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM shops_stockmove m JOIN shops_batch b ON b.item_id = m.item_id
           WHERE m.id = NEW.move_id AND b.id = NEW.batch_id AND m.location_id = NEW.location_id
       ) THEN
        RAISE EXCEPTION 'shops: a batch moves with its own item, at one place'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_batchmove_insert BEFORE INSERT ON shops_batchmove FOR EACH ROW EXECUTE FUNCTION duka_batchmove_insert();

CREATE OR REPLACE FUNCTION duka_linebatch_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT EXISTS (
           SELECT 1 FROM shops_linestock h JOIN shops_batch b ON b.item_id = h.item_id
           WHERE h.id = NEW.held_id AND b.id = NEW.batch_id AND h.state = 'reserved'
       ) THEN
        RAISE EXCEPTION 'shops: a batch is reserved with its own item'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_linebatch_insert BEFORE INSERT ON shops_linebatch FOR EACH ROW EXECUTE FUNCTION duka_linebatch_insert();

CREATE TRIGGER duka_batchmove_update BEFORE UPDATE ON shops_batchmove FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_linebatch_update BEFORE UPDATE ON shops_linebatch FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_batch_delete BEFORE DELETE ON shops_batch FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_batch_truncate BEFORE TRUNCATE ON shops_batch FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_batchlevel_delete BEFORE DELETE ON shops_batchlevel FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_batchlevel_truncate BEFORE TRUNCATE ON shops_batchlevel FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_batchmove_delete BEFORE DELETE ON shops_batchmove FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_batchmove_truncate BEFORE TRUNCATE ON shops_batchmove FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_linebatch_delete BEFORE DELETE ON shops_linebatch FOR EACH ROW EXECUTE FUNCTION duka_sold();

CREATE TRIGGER duka_linebatch_truncate BEFORE TRUNCATE ON shops_linebatch FOR EACH STATEMENT EXECUTE FUNCTION duka_sold();
