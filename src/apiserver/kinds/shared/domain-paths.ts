/** 'example.com/some-path'. Source: k8s 1.36 util/validation IsDomainPrefixedPath. */
import type { FieldError } from '../../../apimachinery/field-errors.ts'
import { invalid, required } from '../../../apimachinery/field-errors.ts'
import { isDns1123Subdomain, patternError } from '../../../apimachinery/names.ts'
import { invalids } from './checks.ts'

const PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"

export function checkDomainPrefixedPath(path: string, field: string): FieldError[] {
  if (path === '') return [required(field)]
  const slash = path.indexOf('/')
  const [host, rest] = slash < 0 ? [path, ''] : [path.slice(0, slash), path.slice(slash + 1)]
  if (slash < 0 || host === '' || rest === '') {
    return [invalid(field, path, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  }
  const errors = invalids(field, host, isDns1123Subdomain(host))
  if (new RegExp(`^${PATH}$`).test(rest)) return errors
  return [...errors, invalid(field, rest, patternError('Invalid path', PATH))]
}
