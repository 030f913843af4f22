// The formats of a release, as strict as their specifications: no other field is allowed.
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { z } from 'zod'

/** The part of CycloneDX that the tests read. findSchemaErrors checks all of it. */
export const bill = z.object({
  components: z.array(
    z.object({
      group: z.string().optional(),
      name: z.string(),
      version: z.string(),
      purl: z.string(),
      hashes: z.array(z.object({ alg: z.string(), content: z.string() })).optional(),
    }),
  ),
})

/** Validates with the strict schema of CycloneDX 1.6. Null: valid. */
export async function findSchemaErrors(text: string): Promise<unknown> {
  return new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)
}

/** See https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md */
const digests = z.partialRecord(
  z.enum(['sha256', 'gitCommit']),
  z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/),
)
const time = z.iso.datetime({ precision: 0 })

/** An in-toto Statement v1 with https://slsa.dev/spec/v1.0/provenance */
export const statement = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.strictObject({ name: z.string(), digest: digests })).min(1),
  predicateType: z.literal('https://slsa.dev/provenance/v1'),
  predicate: z.strictObject({
    buildDefinition: z.strictObject({
      buildType: z.url(),
      externalParameters: z.strictObject({
        ...{ image: z.string(), nodeImage: z.string(), platforms: z.array(z.string()) },
      }),
      resolvedDependencies: z.array(z.strictObject({ name: z.string(), digest: digests })),
    }),
    runDetails: z.strictObject({
      builder: z.strictObject({ id: z.url(), version: z.record(z.string(), z.string()) }),
      metadata: z.strictObject({ startedOn: time, finishedOn: time }),
    }),
  }),
})
