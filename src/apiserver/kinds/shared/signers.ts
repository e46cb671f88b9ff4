/** Names of certificate signers. Source: k8s 1.36 core validation names.go, ValidateSignerName. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { invalid, required, tooLong } from '../../../apimachinery/field-errors.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'

function checkParts(text: string, rule: (part: string) => readonly string[], field: string): FieldError[] {
  for (const part of text.split('.')) {
    const messages = rule(part)
    if (messages.length > 0) return messages.map((m) => invalid(field, text, `validating label ${JSON.stringify(part)}: ${m}`))
  }
  return []
}

/** 'example.com/signer-name'. */
export function checkSignerName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)]
  const [domain = '', path, ...rest] = name.split('/')
  if (path === undefined || rest.length > 0) {
    return [invalid(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")]
  }
  const errors: FieldError[] = domain.length > 253 ? [tooLong(field, 253)] : []
  errors.push(...checkParts(domain, isDns1123Label, field))
  if (!domain.includes('.'))
    errors.push(invalid(field, domain, 'should be a domain with at least two segments separated by dots'))
  errors.push(...checkParts(path, isDns1123Subdomain, field))
  if (name.length > 571) errors.push(tooLong(field, 571))
  return errors
}
