/**
 * Every call upstream carries this header. A Ringback whose `AIO_BASE_URL` points at itself through another host name
 * refuses such a create: one would become hundreds.
 */
export const HOP_HEADER = "ringback-hop";
export const HOP = { [HOP_HEADER]: "1" };
