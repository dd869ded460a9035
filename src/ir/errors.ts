/** Thrown when a device has no way to do what was asked (float64 on WebGPU, a synchronous read …). */
export class UnsupportedError extends Error {}
