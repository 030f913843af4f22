// AuthorizationPolicies and RequestAuthentications of others that select our Pods.
import { z } from 'zod'
import { signerPort } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import {
  acceptsCallerToken,
  readsCallerToken,
  type TokenRule,
  tokenRule,
} from '../../kube/token-rules.ts'
import { readAt, valueAt } from '../finding.ts'
import { listAccounts } from '../model/application.ts'
import { selects } from '../model/namespace.ts'
import { findSigningResource } from '../model/pod.ts'
import { denyOthers, isForPort, readPolicies } from '../model/policies.ts'
import { type Judgment, judge } from './judgment.ts'
import { describeOpenings } from './openings.ts'
import { type LiveSubject, listSelected } from './subject.ts'

const requestSpec = z.object({ jwtRules: z.array(tokenRule).default([]) }).default({ jwtRules: [] })

export function judgePolicies(subject: LiveSubject): Judgment[] {
  const { namespace } = subject
  const policies = listSelecting(subject, 'AuthorizationPolicy')
  const isAllow = (each: Resource) => (valueAt(each, ['spec', 'action']) ?? 'ALLOW') === 'ALLOW'
  // Those of another root namespace apply to our Pods, too.
  const allowing = policies.filter(isAllow).map((each) => {
    return { each, moved: { ...each, metadata: { ...each.metadata, namespace } } }
  })
  const read = readPolicies([...subject.ours, ...allowing.map(({ moved }) => moved)])
  return [
    ...policies
      .filter((each) => !isAllow(each))
      .map((each) =>
        deniesAll(each)
          ? judge('breaks', each, 'it denies every request to our Pods')
          : judge('note', each, 'it also decides about our requests, and can refuse them'),
      ),
    ...allowing.flatMap(({ each, moved }) =>
      reachesSigner(subject, moved)
        ? [judgeOpening(subject, each)]
        : read
            .filter(({ resource }) => resource === moved)
            .flatMap((policy) => describeOpenings(policy, subject.application))
            // An application may open its own port to others.
            .map((message) =>
              judge(subject.application.isOurs ? 'weakens' : 'note', each, message),
            ),
    ),
  ]
}

/** An ALLOW of somebody else for port 8081. A DENY of ours may limit what it opens. */
function judgeOpening({ ours, application }: LiveSubject, each: Resource): Judgment {
  const opens = 'it also opens port 8081 of the signer'
  const isLimited = readPolicies(ours).some(
    ({ name, action }) => name === denyOthers && action === 'DENY',
  )
  if (!isLimited) return judge('breaks', each, opens)
  return judge(
    'weakens',
    each,
    `${opens}. ${denyOthers} still refuses every identity but that of the ServiceAccount ${listAccounts(ours, application).frontend}, and asks for its token. Still open: /metrics for everyone whom it allows, and other methods and paths for Pods with this ServiceAccount. They get no signature, because pairing refuses them`,
  )
}

/** True for a DENY with a rule that matches everything. */
function deniesAll({ spec }: Resource): boolean {
  const rules = valueAt(spec, ['rules'])
  const isEmpty = (rule: unknown) => Object.keys(Object(rule)).length === 0
  return valueAt(spec, ['action']) === 'DENY' && Array.isArray(rules) && rules.some(isEmpty)
}

/** True if the policy allows something at the signer. */
function reachesSigner({ ours }: LiveSubject, policy: Resource): boolean {
  const workload = findSigningResource(ours)
  return readPolicies([...ours, policy]).some(
    ({ resource, selector, alternatives }) =>
      resource === policy &&
      workload !== undefined &&
      selects(selector, workload) &&
      alternatives.some((each) => isForPort(each, signerPort)),
  )
}

/** Rules for the tokens of an application's users are welcome, unless they meet the caller token. */
export function judgeRequestAuthentications(subject: LiveSubject): Judgment[] {
  return listSelecting(subject, 'RequestAuthentication').flatMap((each) => {
    const { jwtRules } = readAt(requestSpec, each)
    const problem = describeProblem(jwtRules, subject.issuer)
    return problem === undefined ? [] : [judge('weakens', each, problem)]
  })
}

function describeProblem(rules: readonly TokenRule[], issuer: string): string | undefined {
  if (rules.some(readsCallerToken)) {
    return 'it reads Caller-Token, the header of the caller token. Choose another header: docs/production.md'
  }
  if (rules.some((rule) => acceptsCallerToken(rule, [issuer]))) {
    return 'it takes caller tokens from another place, where a client may have a token of its own, which gets 401. If an earlier version left it, delete it. Otherwise set its audiences: docs/production.md'
  }
  return undefined
}

/** Those of others that apply to our Pods, and not to a gateway or waypoint. */
function listSelecting(subject: LiveSubject, wanted: string): Resource[] {
  return subject.others
    .filter(({ kind }) => kind === wanted)
    .filter(({ metadata }) => [subject.namespace, subject.root].includes(metadata.namespace ?? ''))
    .filter((each) => valueAt(each, ['spec', 'targetRef']) === undefined)
    .filter((each) => valueAt(each, ['spec', 'targetRefs']) === undefined)
    .filter(
      (each) =>
        listSelected(subject, valueAt(each, ['spec', 'selector', 'matchLabels'])).length > 0,
    )
}
