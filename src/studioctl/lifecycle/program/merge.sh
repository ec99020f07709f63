merge() { # merge KIND WANTED MEMORY [FILE DEFAULT]: adds what the user has not set; says what it changed
  python3 -c "$(merge_program)" "$@" >&4
}
