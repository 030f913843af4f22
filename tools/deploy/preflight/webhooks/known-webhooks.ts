// Common webhooks, by what they leave in a Pod or by their names, and how to keep them from the signer.
export const optOutComponent = 'webhook-opt-out'

const byComponent = `deploy with the component ${optOutComponent}`

/** `traces` fits the changes or the name of the webhook. `optOut` completes "To opt out, …". */
const known: readonly { name: string; traces: RegExp; optOut: string }[] = [
  { name: 'Datadog', traces: /datadog|\bDD_/i, optOut: byComponent },
  { name: 'Dynatrace', traces: /dynatrace|oneagent|\bDT_/i, optOut: byComponent },
  { name: 'OpenTelemetry', traces: /opentelemetry|\bOTEL_/i, optOut: byComponent },
  { name: 'Instana', traces: /instana/i, optOut: byComponent },
  { name: 'Lumigo', traces: /lumigo/i, optOut: byComponent },
  { name: 'Consul', traces: /consul/i, optOut: byComponent },
  {
    name: 'AWS pod identity',
    traces: /pod-identity-webhook|\bAWS_(ROLE|WEB_IDENTITY|CONTAINER|STS|REGION|DEFAULT_REGION)/,
    optOut: byComponent,
  },
  {
    name: 'Azure workload identity',
    traces: /azure-(wi|workload-identity)|\bAZURE_/,
    optOut: byComponent,
  },
  {
    name: 'New Relic',
    traces: /newrelic|\bNEW_RELIC_/i,
    optOut:
      "set injectOnlyLabeledNamespaces in New Relic's Helm chart, and do not label the namespace",
  },
  {
    name: 'Odigos',
    traces: /odigos/i,
    optOut: 'run `kubectl label namespace signing odigos-instrumentation=disabled`',
  },
  {
    name: 'Kyverno',
    traces: /kyverno/i,
    optOut: 'add the namespace signing to `exclude` of the mutate rule',
  },
  {
    name: 'Gatekeeper',
    traces: /gatekeeper/i,
    optOut: 'add the namespace signing to `excludedNamespaces` of the mutator',
  },
]

/** Returns one sentence for each known webhook that fits. `optedOut`: the component is deployed already. */
export function adviseOptOut(texts: readonly string[], optedOut: boolean): string[] {
  return known
    .filter(({ traces }) => texts.some((text) => traces.test(text)))
    .filter(({ optOut }) => !(optedOut && optOut === byComponent))
    .map(({ name, optOut }) => `It looks like ${name}. To opt out, ${optOut}.`)
}
