// AuthorizationPolicies of the application: none opens the signer, or refuses its requests. Ours are compared with what is shipped.
import { signerPort } from '../../kube/names.ts'
import { isOfProject } from '../model/application.ts'
import { selects } from '../model/namespace.ts'
import { findSigningResource } from '../model/pod.ts'
import { denyOthers, isForPort, readPolicies } from '../model/policies.ts'
import type { Rule } from '../rule.ts'

/** The only policy beside mesh/ that lets another workload send a request without a token. */
const scraping = 'allow-prometheus-to-read-signer-metrics'

export const policyRules: readonly Rule[] = [
  {
    name: 'allow-only',
    title: 'every policy for the signer is an ALLOW, except the one that refuses all others',
    find: (resources) => {
      const signer = findSigningResource(resources)
      // At the application, other actions only restrict what our ALLOW permits.
      return readPolicies(resources)
        .filter(
          ({ action, name }) => action !== 'ALLOW' && !(action === 'DENY' && name === denyOthers),
        )
        .filter(({ selector }) => signer === undefined || selects(selector, signer))
        .filter(({ alternatives }) => alternatives.some((each) => isForPort(each, signerPort)))
        .map(({ resource, name, action }) => ({
          resource,
          path: ['spec', 'action'],
          message: `${name} is ${action} for the signer, too: use ALLOW, or name the port of your application`,
        }))
    },
  },
  {
    name: 'signer-policies',
    title: 'no policy of the application opens the port of the signer',
    find: (resources) =>
      readPolicies(resources)
        .filter(({ action, isForGateway }) => action === 'ALLOW' && !isForGateway)
        .filter(({ resource, name }) => !isOfProject(resource) && name !== scraping)
        .flatMap(({ resource, name, alternatives }) =>
          alternatives
            .filter((each) => isForPort(each, signerPort))
            .map(({ ports }) => ({
              resource,
              path: ports.path,
              message: `${name} also opens port ${signerPort} of the signer: name the ports of your application`,
            })),
        ),
  },
]
