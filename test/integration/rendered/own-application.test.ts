// The rules of `make analyze` for another application than our frontend: they ask nothing of what is only different, and they
// find what weakens the signer.
import { describe, expect, test } from 'vitest'
import { deriveApplication } from '../../../tools/analyze/model/derive-application.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'
import {
  ownApplication,
  ownApplicationMistakes,
  withOwnApplication,
} from '../../support/mistakes/own-application.ts'

const { resources: ours } = await renderSample()
const resources = withOwnApplication(ours)

describe('another application', () => {
  test('keeps every rule, with its own containers, ports, routes, policies and Secrets', () => {
    expect(applyRules(rules, resources, ownApplication)).toEqual([])
  })

  test('is read from the resources, where no signing.yaml describes it', () => {
    const found = deriveApplication(resources)
    expect(found).toEqual(ownApplication)
    expect(applyRules(rules, resources, found)).toEqual([])
    expect(deriveApplication(ours)).toBeUndefined()
  })

  test('is not judged as our frontend', () => {
    expect(applyRules(rules, resources)).not.toEqual([])
  })

  test.each(ownApplicationMistakes)('%s: finds %s', (rule, _, change) => {
    const found = applyRules(rules, applyChange(resources, change), ownApplication)
    expect(found.map((each) => each.rule)).toContain(rule)
  })
})
