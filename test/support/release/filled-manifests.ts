// A user's copy of a release's manifests, with the values of a cluster.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export type GivenValues = {
  tokenIssuer: string
  /** JSON in one line. */
  tokenKeys: string
  requestPrincipal: string
  gatewayPrincipal: string
}

/** Removes the # before each line that has one and fills it in, as manifests/README.md says. */
export async function fillIn(
  folder: string,
  { tokenIssuer, tokenKeys, requestPrincipal, gatewayPrincipal }: GivenValues,
): Promise<void> {
  const file = join(folder, 'cluster-values.yaml')
  const values = { tokenIssuer, tokenKeys, requestPrincipal, gatewayPrincipal }
  const lists = { principals: [gatewayPrincipal] }
  let text = await readFile(file, 'utf8')
  for (const [name, value] of Object.entries({ ...values, ...lists })) {
    const line = new RegExp(`^ {2}# ${name}: .*`, 'm')
    if (!line.test(text)) throw new Error(`${file} has no line "# ${name}"`)
    text = text.replace(line, () => `  ${name}: ${quote(value)}`)
  }
  await writeFile(file, text)
}

function quote(value: string | string[]): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`
  return value.startsWith('{') ? `'${value}'` : value
}
