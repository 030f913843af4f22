// The last lines of make rotate-key: what the keys do now, and what to do next.
import type { Form } from '../../../runtime/contract.ts'

type Texts = {
  first: (primary: string) => string
  kept: (primary: string, replaced: string, until: string) => string
  retired: (replaced: string) => string
}

export const closingTexts: Readonly<Record<Form, Texts>> = {
  raw: {
    first: (primary) => `${primary} signs. Callers that name no key get its signatures.`,
    kept: (primary, replaced, until) =>
      `${primary} signs. Signatures made with ${replaced} verify until ${until} or later. After that, run make rotate-key, which retires it.`,
    retired: (replaced) => `${replaced} is retired: signatures made with it no longer verify`,
  },
  webhook: {
    first: (primary) =>
      `${primary} signs webhooks. For the secret of each receiver, run make consumer-secret CONSUMER=NAME. See docs/webhooks.md.`,
    kept: (primary, replaced, until) =>
      `${primary} is the primary webhook key. Each webhook has a signature of it and one of ${replaced}, so receivers accept it with either secret. Give them the new secrets before ${until}: run make consumer-secret CONSUMER=NAME for each. After that, run make rotate-key FORM=webhook, which retires ${replaced}.`,
    retired: (replaced) =>
      `${replaced} is retired: no webhook has a signature of it, and receivers that have only its secrets refuse webhooks`,
  },
}
