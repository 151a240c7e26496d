int CReadline_x(void); int CReadline_x(void) {return 0;}
