// A tour of the sandbox gateway by the official Node SDK, unmodified but for its base URL.
// usage: node razorpay_node_tour.mjs <gateway url> <key id> <key secret>; the SDK is found from the working directory.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "tour.cjs"));
const Razorpay = require("razorpay");
const { validatePaymentVerification } = require("razorpay/dist/utils/razorpay-utils");

const [url, keyId, keySecret] = process.argv.slice(2);
const DAY_S = 86_400;
const CARD = { card_number: "4100280000001007", card_expiry: "12/33", card_cvv: "123" };

const razorpay = new Razorpay({ key_id: keyId, key_secret: keySecret });
razorpay.api.rq.defaults.baseURL = url;

const formOf = (page, part) => {
  const form = page.match(new RegExp(`<form method="(?:post|get)" action="([^"]*${part}[^"]*)"[^>]*>([^]*?)</form>`));
  assert(form, `no form for ${part} on the page`);
  const inputs = [...form[2].matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)];
  return { action: unescape(form[1]), fields: Object.fromEntries(inputs.map(([, name, value]) => [name, unescape(value)])) };
};
const unescape = (text) => text.replaceAll("&#34;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");

const post = async (path, fields) => {
  const answer = await fetch(new URL(path, url), { method: "POST", body: new URLSearchParams(fields) });
  const page = await answer.text();
  assert(answer.ok, `${path} answered ${answer.status}: ${page}`);
  return page;
};

// Fills and sends the form of the page whose address holds `part`; gives the next page.
const send = (page, part, more = {}) => {
  const { action, fields } = formOf(page, part);
  return post(action, { ...fields, ...more });
};

const control = async (path, body) => {
  const authorization = `Basic ${btoa(`${keyId}:${keySecret}`)}`;
  const answer = await fetch(`${url}/_sandbox${path}`, { method: "POST", headers: { authorization }, body: JSON.stringify(body) });
  assert(answer.ok, `${path} answered ${answer.status}`);
};

const payByCard = async (page) => {
  const asked = await send(await send(page, "/cards", CARD), "/otp", { otp: "1234" });
  return formOf(asked, "localhost:9").fields;
};

const pay = async (order, more = {}) => {
  const form = { key_id: keyId, order_id: order.id, callback_url: "http://localhost:9/return", ...more };
  const returned = await payByCard(await post("/v1/checkout/embedded", form));
  const ids = { order_id: order.id, payment_id: returned.razorpay_payment_id };
  assert(validatePaymentVerification(ids, returned.razorpay_signature, keySecret));
  return razorpay.payments.fetch(returned.razorpay_payment_id);
};

const refused = async (call) => {
  const error = await call.then(() => assert.fail("it was not refused"), (reason) => reason);
  return { status: error.statusCode, ...error.error };
};

const steps = {
  async orders() {
    const order = await razorpay.orders.create({ amount: 118_000, currency: "INR", receipt: "node_1", notes: { a: "b" } });
    assert.deepEqual(await razorpay.orders.fetch(order.id), order);
    assert.deepEqual((await razorpay.orders.all({ receipt: "node_1" })).items, [order]);
    assert.deepEqual((await razorpay.orders.edit(order.id, { notes: { c: "d" } })).notes, { c: "d" });
    const payment = await pay(order);
    assert.equal(payment.status, "captured");
    assert.equal((await razorpay.orders.fetchPayments(order.id)).items[0].id, payment.id);
    const wrong = await refused(razorpay.orders.create({ amount: 1, currency: "INR" }));
    assert.deepEqual([wrong.status, wrong.code, wrong.field, wrong.reason], [400, "BAD_REQUEST_ERROR", "amount", "input_validation_failed"]);
  },

  async "payments and capture"() {
    const order = await razorpay.orders.create({ amount: 118_000, currency: "INR", payment_capture: false });
    const authorised = await pay(order);
    assert.equal(authorised.status, "authorized");
    const payment = await razorpay.payments.capture(authorised.id, 118_000, "INR");
    assert.equal(payment.status, "captured");
    assert.equal((await razorpay.payments.fetchCardDetails(payment.id)).last4, "1007");
    assert.deepEqual((await razorpay.payments.edit(payment.id, { notes: { a: "b" } })).notes, { a: "b" });
    assert((await razorpay.payments.all({ count: 2 })).count > 0);
    assert.equal((await razorpay.payments.fetchPaymentDowntime()).entity, "collection");
  },

  async refunds() {
    const payment = await pay(await razorpay.orders.create({ amount: 118_000, currency: "INR" }));
    const part = await razorpay.payments.refund(payment.id, { amount: 18_000, notes: { a: "b" } });
    assert.equal(part.status, "processed");
    const rest = await razorpay.payments.refund(payment.id, { speed: "optimum" });
    assert.deepEqual([rest.amount, rest.status], [100_000, "pending"]);
    await control("/clock", { advance_s: 3 * DAY_S });
    assert.equal((await razorpay.refunds.fetch(rest.id)).status, "processed");
    assert.equal((await razorpay.payments.fetchMultipleRefund(payment.id, {})).count, 2);
    assert.deepEqual((await razorpay.refunds.edit(part.id, { notes: { c: "d" } })).notes, { c: "d" });
    assert.equal((await razorpay.payments.fetch(payment.id)).refund_status, "full");
  },

  async "payment links"() {
    const link = await razorpay.paymentLink.create({
      amount: 118_000,
      currency: "INR",
      description: "Credits",
      reference_id: "node_link",
      customer: { name: "Asha", email: "asha@example.com" },
      callback_url: "http://localhost:9/linked",
      callback_method: "get",
    });
    const page = await send(await (await fetch(link.short_url)).text(), "/l/");
    const returned = await payByCard(page);
    const ids = {
      payment_link_id: link.id,
      payment_link_reference_id: "node_link",
      payment_link_status: "paid",
      payment_id: returned.razorpay_payment_id,
    };
    assert(validatePaymentVerification(ids, returned.razorpay_signature, keySecret));
    assert.equal((await razorpay.paymentLink.fetch(link.id)).payments[0].payment_id, returned.razorpay_payment_id);
    assert.equal((await razorpay.paymentLink.all({ reference_id: "node_link" })).payment_links.length, 1);
    const other = await razorpay.paymentLink.create({ amount: 100, currency: "INR", customer: { email: "asha@example.com" } });
    assert.equal((await razorpay.paymentLink.edit(other.id, { notes: { a: "b" } })).notes.a, "b");
    assert((await razorpay.paymentLink.notifyBy(other.id, "email")).success);
    assert.equal((await razorpay.paymentLink.cancel(other.id)).status, "cancelled");
  },

  async "QR codes"() {
    const made = { type: "upi_qr", name: "Counter", usage: "single_use", fixed_amount: true, payment_amount: 30_000 };
    const qrCode = await razorpay.qrCode.create(made);
    const page = await (await fetch(qrCode.image_url.replace(/\.png$/, ""))).text();
    await send(page, "/qr/", { answer: "approve" });
    const [payment] = (await razorpay.qrCode.fetchAllPayments(qrCode.id)).items;
    assert.deepEqual([payment.amount, payment.order_id, payment.method], [30_000, null, "upi"]);
    assert.equal((await razorpay.qrCode.fetch(qrCode.id)).close_reason, "paid");
    const other = await razorpay.qrCode.create(made);
    assert.equal((await razorpay.qrCode.close(other.id)).close_reason, "on_demand");
    assert.equal((await razorpay.qrCode.all({ payment_id: payment.id })).count, 1);
  },

  async "customers, tokens and recurring charges"() {
    const person = { name: "Bilal Khan", email: "bilal@example.com", contact: "+919876500000" };
    const customer = await razorpay.customers.create(person);
    assert.equal((await razorpay.customers.create({ ...person, fail_existing: 0 })).id, customer.id);
    assert.equal((await razorpay.customers.edit(customer.id, { name: "Bilal K" })).name, "Bilal K");
    const token = { max_amount: 500_000, frequency: "as_presented" };
    const first = await pay(await razorpay.orders.create({ amount: 100, currency: "INR", customer_id: customer.id, token }));
    const [kept] = (await razorpay.customers.fetchTokens(customer.id)).items;
    assert.deepEqual([kept.id, kept.recurring_details.status], [first.token_id, "confirmed"]);
    const order = await razorpay.orders.create({ amount: 200_000, currency: "INR", notification: { token_id: kept.id } });
    const { razorpay_payment_id: charged } = await razorpay.payments.createRecurringPayment({
      email: person.email,
      contact: person.contact,
      amount: 200_000,
      currency: "INR",
      order_id: order.id,
      customer_id: customer.id,
      token: kept.id,
      recurring: 1,
    });
    assert.equal((await razorpay.payments.fetch(charged)).status, "created");
    await control("/clock", { advance_s: 2 * DAY_S });
    assert.equal((await razorpay.payments.fetch(charged)).status, "captured");
    assert.equal((await razorpay.customers.fetchToken(customer.id, kept.id)).id, kept.id);
    assert((await razorpay.customers.deleteToken(customer.id, kept.id)).deleted);
  },

  async settlements() {
    await pay(await razorpay.orders.create({ amount: 118_000, currency: "INR" }));
    await control("/clock", { advance_s: 2 * DAY_S });
    const [settlement] = (await razorpay.settlements.all()).items;
    assert.deepEqual(await razorpay.settlements.fetch(settlement.id), settlement);
    const day = new Date((settlement.created_at + 19_800) * 1000);
    const asked = { year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, day: day.getUTCDate(), count: 1000 };
    const lines = (await razorpay.settlements.reports(asked)).items.filter((line) => line.settlement_id === settlement.id);
    assert.equal(lines.reduce((sum, line) => sum + line.credit - line.debit, 0), settlement.amount);
  },

  async disputes() {
    await control("/faults", { fault: "dispute_won", count: 1, value: 30 * DAY_S });
    const payment = await pay(await razorpay.orders.create({ amount: 118_000, currency: "INR" }));
    await control("/clock", { advance_s: 1 });
    const [dispute] = (await razorpay.disputes.all()).items;
    assert.equal(dispute.payment_id, payment.id);
    assert.deepEqual(await razorpay.disputes.fetch(dispute.id), dispute);
    assert.equal((await razorpay.disputes.accept(dispute.id)).status, "lost");
  },
};

for (const [name, walk] of Object.entries(steps)) {
  await walk();
  console.log(`ok  ${name}`);
}
