// The seccomp profiles that the component copies to the nodes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'

const file = join(CHECKOUT, 'k8s/components/seccomp/seccomp-profiles-config-map.yaml')
const configMap = z.object({ data: z.record(z.string(), z.string()) })

/** Returns the files of the ConfigMap, by name. */
export function readProfileFiles(): Record<string, string> {
  return configMap.parse(parse(readFileSync(file, 'utf8'))).data
}

/** Returns the profile of each container. */
export function readProfiles(): Record<string, string> {
  const files = Object.entries(readProfileFiles())
  return Object.fromEntries(files.map(([name, text]) => [name.replace(/-.*/, ''), text]))
}
