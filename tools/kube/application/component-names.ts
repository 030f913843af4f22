// The names of the optional components in k8s/components.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'

export const componentsFolder = 'k8s/components'
/** Part of each deployment. It comes last, because it also fills in the resources of other components. */
export const valuesComponent = 'cluster-values'
/** Part of each deployment whose values name a URL of the token keys. */
export const tokenKeysComponent = 'token-keys-uri'
const automatic = [valuesComponent, tokenKeysComponent, 'signer', 'application']

export const componentNames = readdirSync(join(CHECKOUT, componentsFolder))
  .filter((name) => !automatic.includes(name))
  .toSorted()
