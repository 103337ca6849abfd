-- What may never change about stock and what was bought.

CREATE TRIGGER duka_stockitem_insert BEFORE INSERT ON shops_stockitem
BEGIN
    SELECT RAISE(ABORT, 'shops: this product is counted already')
    WHERE EXISTS (SELECT 1 FROM shops_stockitem WHERE product_id = NEW.product_id);
END

CREATE TRIGGER duka_stockitem_update BEFORE UPDATE ON shops_stockitem
BEGIN
    SELECT RAISE(ABORT, 'shops: the value of what moved stays on its account')
    WHERE (OLD.product_id, OLD.stock_account) IS NOT (NEW.product_id, NEW.stock_account)
      AND EXISTS (SELECT 1 FROM shops_stockmove WHERE item_id = OLD.product_id);
END

CREATE TRIGGER duka_stockitem_delete BEFORE DELETE ON shops_stockitem
BEGIN
    SELECT RAISE(ABORT, 'shops: what is counted stays counted');
END

CREATE TRIGGER duka_stocklevel_insert BEFORE INSERT ON shops_stocklevel
BEGIN
    SELECT RAISE(ABORT, 'shops: this level exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_stocklevel
        WHERE id = NEW.id OR (item_id = NEW.item_id AND location_id = NEW.location_id)
    );
END

CREATE TRIGGER duka_stocklevel_update BEFORE UPDATE ON shops_stocklevel
BEGIN
    SELECT RAISE(ABORT, 'shops: a level stays with its item and its place')
    WHERE (OLD.id, OLD.item_id, OLD.location_id)
          IS NOT (NEW.id, NEW.item_id, NEW.location_id);
END

CREATE TRIGGER duka_stocklevel_delete BEFORE DELETE ON shops_stocklevel
BEGIN
    SELECT RAISE(ABORT, 'shops: a level is kept');
END

CREATE TRIGGER duka_stockmove_insert BEFORE INSERT ON shops_stockmove
BEGIN
    SELECT RAISE(ABORT, 'shops: this move exists already')
    WHERE EXISTS (SELECT 1 FROM shops_stockmove WHERE id = NEW.id OR "key" = NEW."key");
END

CREATE TRIGGER duka_stockmove_update BEFORE UPDATE ON shops_stockmove
BEGIN
    SELECT RAISE(ABORT, 'shops: a move of stock is frozen');
END

CREATE TRIGGER duka_stockmove_delete BEFORE DELETE ON shops_stockmove
BEGIN
    SELECT RAISE(ABORT, 'shops: a move of stock is frozen');
END

CREATE TRIGGER duka_linestock_insert BEFORE INSERT ON shops_linestock
BEGIN
    SELECT RAISE(ABORT, 'shops: this line has its stock already')
    WHERE EXISTS (
        SELECT 1 FROM shops_linestock
        WHERE id = NEW.id OR (line_id = NEW.line_id AND item_id = NEW.item_id)
    );
    SELECT RAISE(ABORT, 'shops: stock is reserved for an open sale')
    WHERE NEW.state <> 'reserved'
       OR NOT EXISTS (
           SELECT 1 FROM shops_saleline l JOIN shops_sale s ON s.id = l.sale_id
           WHERE l.id = NEW.line_id AND s.state = 'open'
       );
END

CREATE TRIGGER duka_linestock_update BEFORE UPDATE ON shops_linestock
BEGIN
    SELECT RAISE(ABORT, 'shops: what a sale took from the stock is frozen')
    WHERE OLD.state <> 'reserved'
       OR (OLD.id, OLD.line_id, OLD.item_id, OLD.location_id, OLD.quantity_milli)
          IS NOT (NEW.id, NEW.line_id, NEW.item_id, NEW.location_id, NEW.quantity_milli);
END

CREATE TRIGGER duka_linestock_delete BEFORE DELETE ON shops_linestock
BEGIN
    SELECT RAISE(ABORT, 'shops: what a sale took from the stock is frozen');
END

CREATE TRIGGER duka_loss_insert BEFORE INSERT ON shops_loss
BEGIN
    SELECT RAISE(ABORT, 'shops: this loss exists already')
    WHERE EXISTS (SELECT 1 FROM shops_loss WHERE id = NEW.id OR "key" = NEW."key");
END

CREATE TRIGGER duka_loss_update BEFORE UPDATE ON shops_loss
BEGIN
    SELECT RAISE(ABORT, 'shops: a loss is frozen');
END

CREATE TRIGGER duka_loss_delete BEFORE DELETE ON shops_loss
BEGIN
    SELECT RAISE(ABORT, 'shops: a loss is frozen');
END

CREATE TRIGGER duka_purchase_insert BEFORE INSERT ON shops_purchase
BEGIN
    SELECT RAISE(ABORT, 'shops: this purchase exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_purchase
        WHERE id = NEW.id OR "key" = NEW."key"
           OR (supplier_id = NEW.supplier_id AND number = NEW.number AND number <> '')
    );
END

CREATE TRIGGER duka_purchase_update BEFORE UPDATE ON shops_purchase
BEGIN
    SELECT RAISE(ABORT, 'shops: a purchase is frozen');
END

CREATE TRIGGER duka_purchase_delete BEFORE DELETE ON shops_purchase
BEGIN
    SELECT RAISE(ABORT, 'shops: a purchase is frozen');
END

CREATE TRIGGER duka_purchaseline_insert BEFORE INSERT ON shops_purchaseline
BEGIN
    SELECT RAISE(ABORT, 'shops: this line of a purchase exists already')
    WHERE EXISTS (SELECT 1 FROM shops_purchaseline WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'shops: a purchase that is posted takes no line')
    WHERE EXISTS (SELECT 1 FROM money_entry WHERE "key" = 'purchase:' || NEW.purchase_id);
END

CREATE TRIGGER duka_purchaseline_update BEFORE UPDATE ON shops_purchaseline
BEGIN
    SELECT RAISE(ABORT, 'shops: a purchase is frozen');
END

CREATE TRIGGER duka_purchaseline_delete BEFORE DELETE ON shops_purchaseline
BEGIN
    SELECT RAISE(ABORT, 'shops: a purchase is frozen');
END

CREATE TRIGGER duka_supplierpayment_insert BEFORE INSERT ON shops_supplierpayment
BEGIN
    SELECT RAISE(ABORT, 'shops: this payment exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_supplierpayment
        WHERE id = NEW.id OR "key" = NEW."key"
           OR cash_move_id = NEW.cash_move_id OR purchase_id = NEW.purchase_id
    );
END

CREATE TRIGGER duka_supplierpayment_update BEFORE UPDATE ON shops_supplierpayment
BEGIN
    SELECT RAISE(ABORT, 'shops: a payment of a supplier is frozen');
END

CREATE TRIGGER duka_supplierpayment_delete BEFORE DELETE ON shops_supplierpayment
BEGIN
    SELECT RAISE(ABORT, 'shops: a payment of a supplier is frozen');
END
