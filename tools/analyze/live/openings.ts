// What an ALLOW policy opens that names less than it should.
import { signerPort } from '../../kube/names.ts'
import { findKeys } from '../finding.ts'
import { type Application, isPrefixDeclared } from '../model/application.ts'
import { isForPort, type Policy } from '../model/policies.ts'

/** What each ALLOW must name, without patterns. */
const exactFields = ['principals', 'ports', 'methods', 'paths'] as const

/** Returns one sentence for each part of the policy that is not exact. */
export function describeOpenings(
  { resource, name, alternatives, selector }: Policy,
  application: Application,
): string[] {
  const isUnselective = alternatives.length > 0 && Object.keys(selector).length === 0
  const inexact = alternatives.flatMap((each) =>
    exactFields
      .map((what) => ({ what, ...each[what], isOpen: isForPort(each, signerPort) }))
      .filter(
        ({ what, values, isOpen }) =>
          values.length === 0 ||
          values.some(
            (value) =>
              value.includes('*') &&
              (what !== 'paths' || isOpen || !isPrefixDeclared(application, value.slice(0, -1))),
          ),
      )
      .map(
        ({ what, values }) =>
          `${name} allows ${values.length === 0 ? `any ${what}` : `the ${what} ${values.join()}`}: name each exactly`,
      ),
  )
  const negative = findKeys(resource.spec, ['spec'], (key) => /^not[A-Z]/.test(key)).map(
    (path) => `${path.at(-1)} allows everything else, also what is added later: name what to allow`,
  )
  return [
    ...(isUnselective ? [`${name} applies to every Pod: add a selector`] : []),
    ...inexact,
    ...negative,
  ]
}
