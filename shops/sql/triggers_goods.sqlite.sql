-- What may never change about recipes, families and batches.

CREATE TRIGGER duka_stockitem_has_no_recipe BEFORE INSERT ON shops_stockitem
BEGIN
    SELECT RAISE(ABORT, 'shops: a product with a recipe is not counted itself')
    WHERE EXISTS (SELECT 1 FROM shops_recipe WHERE product_id = NEW.product_id);
END

CREATE TRIGGER duka_stockitem_batches BEFORE UPDATE ON shops_stockitem
BEGIN
    SELECT RAISE(ABORT, 'shops: what keeps batches goes on keeping them')
    WHERE OLD.keeps_batches AND NOT NEW.keeps_batches;
END

CREATE TRIGGER duka_recipe_insert BEFORE INSERT ON shops_recipe
BEGIN
    SELECT RAISE(ABORT, 'shops: what is counted itself has no recipe')
    WHERE EXISTS (SELECT 1 FROM shops_stockitem WHERE product_id = NEW.product_id);
END

CREATE TRIGGER duka_recipe_update BEFORE UPDATE ON shops_recipe
BEGIN
    SELECT RAISE(ABORT, 'shops: a recipe stays with its product')
    WHERE OLD.product_id IS NOT NEW.product_id;
END

CREATE TRIGGER duka_recipepart_insert BEFORE INSERT ON shops_recipepart
BEGIN
    SELECT RAISE(ABORT, 'shops: a recipe uses what its own business counts')
    WHERE (SELECT business_id FROM shops_product WHERE id = NEW.recipe_id)
          IS NOT (SELECT business_id FROM shops_product WHERE id = NEW.item_id);
END

CREATE TRIGGER duka_recipepart_update BEFORE UPDATE ON shops_recipepart
BEGIN
    SELECT RAISE(ABORT, 'shops: a part of a recipe is written anew')
    WHERE (OLD.recipe_id, OLD.item_id) IS NOT (NEW.recipe_id, NEW.item_id);
END

CREATE TRIGGER duka_product_family_insert BEFORE INSERT ON shops_product WHEN NEW.family_id IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'shops: a family is of one business')
    WHERE (SELECT business_id FROM shops_productfamily WHERE id = NEW.family_id) IS NOT NEW.business_id;
END

CREATE TRIGGER duka_product_family_update BEFORE UPDATE ON shops_product WHEN NEW.family_id IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'shops: a family is of one business')
    WHERE (SELECT business_id FROM shops_productfamily WHERE id = NEW.family_id) IS NOT NEW.business_id;
END

CREATE TRIGGER duka_productfamily_update BEFORE UPDATE ON shops_productfamily
BEGIN
    SELECT RAISE(ABORT, 'shops: a family stays with its business')
    WHERE OLD.business_id IS NOT NEW.business_id;
END

CREATE TRIGGER duka_linestock_recipe BEFORE UPDATE ON shops_linestock
BEGIN
    SELECT RAISE(ABORT, 'shops: a sale keeps the recipe it was made with')
    WHERE (OLD.cost_account, OLD.comes_back) IS NOT (NEW.cost_account, NEW.comes_back);
END

CREATE TRIGGER duka_batch_insert BEFORE INSERT ON shops_batch
BEGIN
    SELECT RAISE(ABORT, 'shops: this batch exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_batch
        WHERE id = NEW.id
           OR (item_id = NEW.item_id AND code = NEW.code AND best_before IS NEW.best_before)
    );
END

CREATE TRIGGER duka_batch_update BEFORE UPDATE ON shops_batch
BEGIN
    SELECT RAISE(ABORT, 'shops: a batch keeps its code and its day')
    WHERE (OLD.id, OLD.item_id, OLD.code, OLD.best_before)
          IS NOT (NEW.id, NEW.item_id, NEW.code, NEW.best_before);
END

CREATE TRIGGER duka_batch_delete BEFORE DELETE ON shops_batch
BEGIN
    SELECT RAISE(ABORT, 'shops: a batch is kept');
END

CREATE TRIGGER duka_batchlevel_insert BEFORE INSERT ON shops_batchlevel
BEGIN
    SELECT RAISE(ABORT, 'shops: this level of a batch exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_batchlevel
        WHERE id = NEW.id OR (batch_id = NEW.batch_id AND location_id = NEW.location_id)
    );
    SELECT RAISE(ABORT, 'shops: a batch is of what keeps batches')
    WHERE NOT EXISTS (
        SELECT 1 FROM shops_batch b JOIN shops_stockitem i ON i.product_id = b.item_id
        WHERE b.id = NEW.batch_id AND i.keeps_batches
    );
END

CREATE TRIGGER duka_batchlevel_update BEFORE UPDATE ON shops_batchlevel
BEGIN
    SELECT RAISE(ABORT, 'shops: a level stays with its batch and its place')
    WHERE (OLD.id, OLD.batch_id, OLD.location_id)
          IS NOT (NEW.id, NEW.batch_id, NEW.location_id);
END

CREATE TRIGGER duka_batchlevel_delete BEFORE DELETE ON shops_batchlevel
BEGIN
    SELECT RAISE(ABORT, 'shops: a level of a batch is kept');
END

CREATE TRIGGER duka_batchmove_insert BEFORE INSERT ON shops_batchmove
BEGIN
    SELECT RAISE(ABORT, 'shops: this move of a batch exists already')
    WHERE EXISTS (SELECT 1 FROM shops_batchmove WHERE id = NEW.id OR "key" = NEW."key");
    SELECT RAISE(ABORT, 'shops: a batch moves with its own item, at one place')
    WHERE NEW.move_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM shops_stockmove m JOIN shops_batch b ON b.item_id = m.item_id
        WHERE m.id = NEW.move_id AND b.id = NEW.batch_id AND m.location_id = NEW.location_id
    );
END

CREATE TRIGGER duka_batchmove_update BEFORE UPDATE ON shops_batchmove
BEGIN
    SELECT RAISE(ABORT, 'shops: a move of a batch is frozen');
END

CREATE TRIGGER duka_batchmove_delete BEFORE DELETE ON shops_batchmove
BEGIN
    SELECT RAISE(ABORT, 'shops: a move of a batch is frozen');
END

CREATE TRIGGER duka_linebatch_insert BEFORE INSERT ON shops_linebatch
BEGIN
    SELECT RAISE(ABORT, 'shops: this line has this batch already')
    WHERE EXISTS (
        SELECT 1 FROM shops_linebatch
        WHERE id = NEW.id OR (held_id = NEW.held_id AND batch_id = NEW.batch_id)
    );
    SELECT RAISE(ABORT, 'shops: a batch is reserved with its own item')
    WHERE NOT EXISTS (
        SELECT 1 FROM shops_linestock h JOIN shops_batch b ON b.item_id = h.item_id
        WHERE h.id = NEW.held_id AND b.id = NEW.batch_id AND h.state = 'reserved'
    );
END

CREATE TRIGGER duka_linebatch_update BEFORE UPDATE ON shops_linebatch
BEGIN
    SELECT RAISE(ABORT, 'shops: the batch that a sale took is frozen');
END

CREATE TRIGGER duka_linebatch_delete BEFORE DELETE ON shops_linebatch
BEGIN
    SELECT RAISE(ABORT, 'shops: the batch that a sale took is frozen');
END
