#!/bin/bash
sed -i s/1/41/ "$1"
