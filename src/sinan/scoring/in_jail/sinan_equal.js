// In the sandbox: the one function of lodash that published tests call, `isEqual`, as its documentation describes it:
// arrays, maps, sets, dates, regular expressions, errors, typed arrays and plain objects by what they hold; functions
// and symbols by identity; 0 and -0 alike, and NaN like itself.
'use strict'
const tag = value => Object.prototype.toString.call(value)

function isEqual (one, other, seen = new Map()) {
  if (one === other) return true
  if (one === null || other === null || (typeof one !== 'object' && typeof other !== 'object')) {
    return one !== one && other !== other // eslint-disable-line no-self-compare
  }
  if (typeof one !== 'object' || typeof other !== 'object') {
    return boxed(one) && boxed(other) && tag(one) === tag(other) && isEqual(one.valueOf(), other.valueOf(), seen)
  }
  if (tag(one) !== tag(other)) return false
  if (seen.has(one)) return seen.get(one) === other
  seen.set(one, other)
  const same = alike(one, other, seen)
  seen.delete(one)
  return same
}

function boxed (value) {
  return ['[object Number]', '[object String]', '[object Boolean]'].includes(tag(value))
}

function alike (one, other, seen) {
  if (boxed(one) || one instanceof Date) return isEqual(one.valueOf(), other.valueOf(), seen)
  if (one instanceof RegExp) return String(one) === String(other)
  if (one instanceof Error) return one.name === other.name && one.message === other.message
  if (one instanceof Map) {
    return one.size === other.size && matched([...one], [...other], seen)
  }
  if (one instanceof Set) return one.size === other.size && matched([...one], [...other], seen)
  if (ArrayBuffer.isView(one) || one instanceof ArrayBuffer) {
    return Buffer.from(one.buffer || one).equals(Buffer.from(other.buffer || other))
  }
  if (Array.isArray(one)) {
    if (one.length !== other.length) return false
    for (let i = 0; i < one.length; i++) if (!isEqual(one[i], other[i], seen)) return false
    return true
  }
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  for (const name of names) {
    if (!Object.prototype.hasOwnProperty.call(other, name) || !isEqual(one[name], other[name], seen)) return false
  }
  return one.constructor === other.constructor || !('constructor' in one && 'constructor' in other)
}

function matched (left, right, seen) {
  return left.every(item => {
    const at = right.findIndex(candidate => isEqual(item, candidate, seen))
    return at >= 0 && right.splice(at, 1).length === 1
  })
}

module.exports = { isEqual: (one, other) => isEqual(one, other) }
