#!/usr/bin/env bash
# The Debian packages that tests use: chromium looks at the pages, promtool (prometheus) at the alert rules; dcmtk,
# dicom3tools and Orthanc are the hospital's side, tesseract finds letters in films.
# In CI a package that cannot be had is a failure; elsewhere its tests are skipped, and said so.
set -euo pipefail

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v promtool >/dev/null || missing+=(prometheus)
command -v storescu >/dev/null || missing+=(dcmtk)
command -v dciodvfy >/dev/null || missing+=(dicom3tools)
[ -x /usr/sbin/Orthanc ] || missing+=(orthanc)
[ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ] || missing+=(orthanc-dicomweb)
command -v tesseract >/dev/null || missing+=(tesseract-ocr)
languages=$(tesseract --list-langs 2>/dev/null || true)
grep -qx rus <<<"$languages" || missing+=(tesseract-ocr-rus)
grep -qx eng <<<"$languages" || missing+=(tesseract-ocr-eng)
[ ${#missing[@]} -gt 0 ] || exit 0

install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && install; then
  exit 0
fi
echo "Not installed: ${missing[*]} (tests that need them are skipped outside CI)" >&2
[ "${CI:-}" != true ]
