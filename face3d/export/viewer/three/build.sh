#!/bin/sh
# Fetches three.js and esbuild from npm, and makes three.min.js of entry.js: `sh face3d/export/viewer/three/build.sh`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund three@0.187.0 esbuild@0.28.2
cp "$here/entry.js" .
npx esbuild entry.js --bundle --minify --format=iife --global-name=THREE --target=es2020 --legal-comments=none \
  --banner:js='/*! three.js 0.187.0, MIT licence, (c) 2010-2026 three.js authors: see LICENSE beside this file. */' \
  --outfile="$here/three.min.js"
cp node_modules/three/LICENSE "$here/LICENSE"
