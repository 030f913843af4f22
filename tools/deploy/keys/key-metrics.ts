// Reads from a signer's metrics which keys it holds.

/** Key ids. `primary` signs. It is undefined if the signer has no usable key. */
export type HeldKeys = { primary: string | undefined; held: string[] }

/** Reads the gauge `signer_keys{key_id, state}`. Returns undefined if the signer is too old to have these labels. */
export function parseKeyMetrics(text: string): HeldKeys | undefined {
  if (!/^# TYPE signer_keys gauge$/m.test(text) || /^signer_keys /m.test(text)) return undefined
  // Key ids contain no character that the format escapes.
  const samples = [...text.matchAll(/^signer_keys\{(.*)\} 1$/gm)].map(([, labels = '']) => ({
    id: /\bkey_id="([A-Za-z0-9._-]+)"/.exec(labels)?.[1],
    state: /\bstate="([a-z]+)"/.exec(labels)?.[1],
  }))
  return {
    primary: samples.find(({ state }) => state === 'primary')?.id,
    held: samples.map(({ id }) => id).filter((id) => id !== undefined),
  }
}
