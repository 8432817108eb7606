// A message centre built on node-smpp: decodes with its own codec and tells, a JSON line each, what it saw.
//
// It answers with ids in hexadecimal, zero-padded; its receipts name them in decimal. A message to a number that
// ends in 999 is answered by the phone: Hindi in two parts, cut in the middle of a surrogate pair.

import smpp from "smpp";

const RECEIPT_DELAY_MS = 50;
const REPLY = Buffer.from("नमस्ते 😀, धन्यवाद", "utf16le").swap16();
const REPLY_CUT = Buffer.from("नमस्ते ", "utf16le").length + 2;

let count = 0;

function tell(fact) {
  process.stdout.write(JSON.stringify(fact) + "\n");
}

function hexOf(value) {
  return Buffer.isBuffer(value) ? value.toString("hex") : value;
}

function seen(pdu, boundAs) {
  const content = pdu.message_payload ?? pdu.short_message;
  return {
    bound_as: boundAs,
    sender: [pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr],
    recipient: [pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr],
    is_payload: pdu.message_payload !== undefined,
    data_coding: pdu.data_coding,
    registered_delivery: pdu.registered_delivery,
    text: content.message,
    header: (content.udh ?? []).map(hexOf),
    sar: [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
    vendor: Object.fromEntries([0x1400, 0x1401, 0x1402].map((tag) => [tag, hexOf(pdu[tag])])),
  };
}

function sendReceipt(session, pdu, number) {
  session.deliver_sm({
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: 4,
    short_message: `id:${String(number).padStart(10, "0")} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:`,
    message_state: 2,
  });
}

function sendReply(session, pdu) {
  for (const [number, part] of [[1, REPLY.subarray(0, REPLY_CUT)], [2, REPLY.subarray(REPLY_CUT)]]) {
    session.deliver_sm({
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: 0x40,
      data_coding: 8,
      short_message: Buffer.concat([Buffer.from([5, 0, 3, 0x5a, 2, number]), part]),
    });
  }
}

const receivers = new Set();

const server = smpp.createServer({}, (session) => {
  let boundAs = "";
  for (const kind of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) {
    session.on(kind, (pdu) => {
      boundAs = kind;
      if (kind !== "bind_transmitter") receivers.add(session);
      const isKnown = pdu.system_id === "asha" && pdu.password === "s3cret";
      session.send(pdu.response(isKnown ? { system_id: "node" } : { command_status: smpp.ESME_RINVPASWD }));
    });
  }
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on("query_sm", (pdu) => {
    session.send(pdu.response({ message_id: pdu.message_id, final_date: "", message_state: 2, error_code: 0 }));
  });
  session.on("submit_sm", (pdu) => {
    const number = 0x1f00 + count++;
    tell(seen(pdu, boundAs));
    session.send(pdu.response({ message_id: number.toString(16).padStart(8, "0") }));
    const [receiver] = receivers;
    if (pdu.registered_delivery & 1) setTimeout(() => sendReceipt(receiver, pdu, number), RECEIPT_DELAY_MS);
    if (pdu.destination_addr.endsWith("999")) sendReply(receiver, pdu);
  });
  session.on("close", () => receivers.delete(session));
  session.on("error", (error) => tell({ error: error.message }));
});

server.listen(0, "127.0.0.1", () => tell({ port: server.address().port }));
