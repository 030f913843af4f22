// Quantities of Kubernetes: 1, "500m", "64Mi".

const quantity = /^(\d+(?:\.\d+)?)([numkMGTPE]|[KMGTPE]i)?$/
const factors: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
}

/** Returns undefined for what is no quantity. */
export function readQuantity(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  const [, digits, unit = ''] = quantity.exec(typeof value === 'string' ? value : '') ?? []
  return digits === undefined ? undefined : Number(digits) * (factors[unit] ?? 1)
}

export function isSameQuantity(one: unknown, other: unknown): boolean {
  const amount = readQuantity(one)
  return amount !== undefined && amount === readQuantity(other)
}
