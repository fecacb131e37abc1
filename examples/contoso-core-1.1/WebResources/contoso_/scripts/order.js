"use strict";

var Contoso = window.Contoso || {};
Contoso.Order = Contoso.Order || {};

(function () {
  var SHIPPED = 100000002;
  var CANCELLED = 100000003;

  // A shipped or cancelled order is history: its total no longer changes.
  this.onLoad = function (context) {
    var form = context.getFormContext();
    var status = form.getAttribute("contoso_status").getValue();
    form.getControl("contoso_total").setDisabled(status === SHIPPED || status === CANCELLED);
  };
}).call(Contoso.Order);
