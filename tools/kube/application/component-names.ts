// The names of the optional components in k8s/components.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'

export const componentsFolder = 'k8s/components'
/** Part of each deployment. It comes last, because it also fills in the resources of other components. */
export const valuesComponent = 'cluster-values'
/** Part of each deployment whose values name a URL of the token keys. */
export const tokenKeysComponent = 'token-keys-uri'
/** Fills in the values of the application, after all others. */
export const applicationComponent = 'application'
/** For a namespace that others share. */
export const sharedComponents = ['pods-stay-restricted', 'shared-namespace']
const automatic = [
  ...[valuesComponent, tokenKeysComponent, applicationComponent, 'signer'],
  ...sharedComponents,
]

export const componentNames = readdirSync(join(CHECKOUT, componentsFolder))
  .filter((name) => !automatic.includes(name))
  .toSorted()
